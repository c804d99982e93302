"""A log whose key changed: by its first key alone, and what is wrong with the statements."""

import os

from cases import Case, fault
from made import LOG, ORIGIN, Made, Signer, entry, note

SECOND = Signer(ORIGIN, seed="second")
THIRD = Signer(ORIGIN, seed="third")
STRANGER = Signer(ORIGIN, seed="stranger")


def text(old, new, origin=ORIGIN, header="log key rotation v1"):
    return f"{origin}\n{header}\n{old.vkey()}\n{new.vkey()}\n"


def statement(old, new):
    said = text(old, new)
    return note(said, old.line(said), new.line(said)).decode()


def told(index, old, new, /, **more):
    rotated = {"new": new.vkey(), "old": old.vkey(), "statement": statement(old, new), **more}
    return entry(index, kind="log.key_rotated", rotated=rotated)


class Rotation(Case):
    def rotated(self, size=40, signer=THIRD, changed=None):
        """A log of three keys, the last of which signs."""
        entries = [entry(i) for i in range(size)]
        entries[5], entries[30] = told(5, LOG, SECOND), told(30, SECOND, THIRD)
        for index, data in (changed or {}).items():
            entries[index] = data
        log = Made(self.folder("log"), entries).write()
        log.put("checkpoint", log.checkpoint(signer=signer))
        log.put("keys/1", statement(LOG, SECOND).encode())
        log.put("keys/2", statement(SECOND, THIRD).encode())
        return log

    def bad(self, log, index, **more):
        self.assertEqual(fault(self.faulty(log, "--deep", **more)), ("KEY_STATEMENT", index))

    def test_the_first_key_leads_to_the_last(self):
        log = self.rotated()
        said = self.ok(log, "--deep")
        self.assertEqual(said["keys"], {"reached": [SECOND.vkey(), THIRD.vkey()], "signed": [THIRD.vkey()]})
        self.assertEqual(self.ok(log, "--deep", key=SECOND)["keys"]["reached"], [THIRD.vkey()])
        self.assertEqual(self.ok(log, "--deep", key=THIRD)["keys"]["reached"], [])
        # In the overlap both sign.
        said = log.checkpoint(signer=SECOND).decode()
        signed = said.split("\n\n")[0] + "\n"
        log.put("checkpoint", (said + THIRD.line(signed)).encode())
        self.assertEqual(self.ok(log)["keys"]["signed"], sorted([SECOND.vkey(), THIRD.vkey()]))
        self.assertEqual(self.ok(log, key=THIRD)["keys"]["signed"], [THIRD.vkey()])
        # Never back.
        log.put("checkpoint", log.checkpoint(signer=LOG))
        self.assertEqual(fault(self.faulty(log, key=THIRD)), ("CHECKPOINT_SIGNATURE", None))
        self.ok(log)

    def test_what_was_kept_of_every_time(self):
        log = self.rotated()
        given = []
        for size, signer in ((3, LOG), (20, SECOND), (35, THIRD)):
            given += ["--checkpoint", self.file(log.checkpoint(size, signer=signer))]
            given += ["--receipt", self.file(log.receipt(size - 1))]
        said = self.ok(log, "--deep", *given)
        self.assertEqual((said["covered"], said["checked"]["checkpoints"]), (35, 4))
        other = Made(self.folder("other"), [entry(0, reason="R")])
        fork = self.file(other.checkpoint(1, signer=SECOND))
        self.assertEqual(fault(self.faulty(log, "--checkpoint", fork))[0], "FORK")

    def test_what_is_kept_of_the_time_before(self):
        log = self.rotated()
        log.put("checkpoints/20", log.checkpoint(20, signer=LOG))
        log.put("witnessed", log.checkpoint(25, signer=SECOND))
        self.assertEqual(self.ok(log, "--deep", key=THIRD)["checked"]["checkpoints"], 1)
        self.assertEqual(self.ok(log, "--deep")["checked"]["checkpoints"], 3)
        other = Made(self.folder("other"), [entry(i, reason="R") for i in range(20)])
        log.put("checkpoints/20", other.checkpoint(20, signer=LOG))
        self.assertEqual(fault(self.faulty(log))[0], "FORK")

    def test_statements_that_do_not_hold(self):
        said = text(LOG, SECOND)
        foreign = Signer("log.example.vn/other"), Signer("log.example.vn/other", seed="b")
        witness = Signer(ORIGIN, 4, seed="second")
        for name, data in (
            ("by the old key alone", note(said, LOG.line(said))),
            ("by the new key alone", note(said, SECOND.line(said))),
            ("by a stranger", note(said, STRANGER.line(said))),
            ("of another log", statement(*foreign).encode()),
            ("the origin another", note(*_signed(text(LOG, SECOND, origin="log.example.vn/other")))),
            ("another header", note(*_signed(text(LOG, SECOND, header="log key rotation v2")))),
            ("a line more", note(*_signed(said + "x\n"))),
            ("a line less", note(*_signed(said.rsplit("\n", 2)[0] + "\n"))),
            ("a witness's key", note(*_signed(text(LOG, witness)))),
            ("one key twice", note(*_signed(text(LOG, LOG)))),
            ("a bad signature beside a good one", statement(LOG, SECOND).encode() + LOG.line(said + "x").encode()),
            ("a line end of elsewhere", note(*_signed(said.replace("\n", "\r\n", 1)))),
            ("no note", b"x"),
            ("empty", b""),
        ):
            with self.subTest(name):
                log = self.rotated()
                log.put("keys/1", data)
                self.bad(log, None)
        log = self.rotated()
        log.put("keys/2", statement(LOG, THIRD).encode())
        self.bad(log, None)
        # Another's signature spoils nothing.
        log = self.rotated()
        log.put("keys/1", statement(LOG, SECOND).encode() + STRANGER.line(said).encode())
        self.ok(log, "--deep")

    def test_statements_that_are_not_there(self):
        for gone in ("keys/1", "keys/2"):
            log = self.rotated()
            os.remove(log.at(gone))
            self.assertEqual(fault(self.faulty(log)), ("CHECKPOINT_SIGNATURE", None))
        log = self.rotated(signer=STRANGER)
        log.put("keys/1", statement(THIRD, STRANGER).encode())
        os.remove(log.at("keys/2"))
        self.assertEqual(fault(self.faulty(log)), ("CHECKPOINT_SIGNATURE", None))

    def test_entries_that_tell_of_it(self):
        for name, changed, index in (
            ("not from the one before", {9: told(9, LOG, THIRD)}, 9),
            ("of strangers", {35: told(35, STRANGER, LOG)}, 35),
            ("another new key", {5: told(5, LOG, SECOND, new=THIRD.vkey())}, 5),
            ("another old key", {5: told(5, LOG, SECOND, old=THIRD.vkey())}, 5),
            ("no statement", {5: told(5, LOG, SECOND, statement="x")}, 5),
            ("of the first nothing", {5: entry(5)}, None),
            ("of the last nothing", {30: entry(30)}, None),
        ):
            with self.subTest(name):
                log = self.rotated(changed=changed)
                self.bad(log, index)
                self.ok(log)
        # After a crash, twice.
        self.ok(self.rotated(changed={6: told(6, LOG, SECOND)}), "--deep")
        log = self.rotated(changed={5: entry(5, kind="log.key_rotated", rotated={"new": "a", "old": "b"})})
        self.assertEqual(fault(self.faulty(log, "--deep")), ("ENTRY_MALFORMED", 5))

    def test_a_log_that_goes_on_from_another(self):
        begun = {"after": "log.example.vn/before", "operator": "binh.tran", "reason": "khôi phục"}
        whole = {**begun, "checkpoint": "x\n", "witnessed": "y\n"}
        for part in (begun, whole):
            log = Made(self.folder("log"), [entry(0, kind="log.begun", begun=part), entry(1)]).write()
            self.ok(log, "--deep")
        for name in begun:
            part = {key: value for key, value in whole.items() if key != name}
            log = Made(self.folder("log"), [entry(0, kind="log.begun", begun=part)]).write()
            self.assertEqual(fault(self.faulty(log, "--deep")), ("ENTRY_MALFORMED", 0))


def _signed(said):
    return said, LOG.line(said), SECOND.line(said)


