"""Whatever stands in the folder or is given: a verdict, and never an uncaught exception."""

import os
import random
import shutil

import made
from cases import Case
from made import LOG, SECOND, WITNESS

ROUNDS = 150


def mangled(dice, data):
    """Bytes with something done to them."""
    data = bytearray(data)
    at = dice.randrange(len(data) + 1)
    how = dice.randrange(7)
    if how == 0 and data:
        data[at % len(data)] ^= 1 << dice.randrange(8)
    elif how == 1:
        del data[at:]
    elif how == 2:
        data[at:at] = dice.randbytes(dice.randrange(1, 70))
    elif how == 3:
        del data[at : at + dice.randrange(1, 70)]
    elif how == 4:
        data = bytearray(dice.randbytes(dice.choice((0, 1, 31, 32, 64, 300))))
    elif how == 5:
        data[at : at + 1] = dice.choice((b"\n", b"\n\n", b"{", b"[", b'"', b"\\ud800", b"-0", b"9" * 5000, b"\xff"))
    else:
        data += data[-at:]
    return bytes(data)


class Fuzz(Case):
    def setUp(self):
        super().setUp()
        log = self.log(300, witnesses=[WITNESS], kept=[1, 256])
        log.put("witnessed", log.checkpoint(280, witnesses=[WITNESS]))
        self.right = log
        self.names = sorted(
            os.path.relpath(os.path.join(folder, name), log.folder)
            for folder, _, names in os.walk(log.folder)
            for name in names
        )
        self.outside = {
            "--key": LOG.vkey().encode(),
            "--witness-key": WITNESS.vkey().encode(),
            "--checkpoint": log.checkpoint(200),
            "--receipt": log.receipt(100).encode(),
        }

    def test_garbage_in_the_folder(self):
        dice = random.Random(1)
        outside = [part for option, data in self.outside.items() for part in (option, self.file(data))]
        ended = {0: 0, 1: 0, 2: 0}
        for turn in range(ROUNDS):
            log = made.Made(self.folder("mangled"), [])
            shutil.rmtree(log.folder, ignore_errors=True)
            shutil.copytree(self.right.folder, log.folder)
            for name in dice.sample(self.names, dice.choice((1, 1, 1, 2, 4))):
                how = dice.randrange(8)
                data = log.get(name)
                if how == 0:
                    os.remove(log.at(name))
                elif how == 1:
                    os.remove(log.at(name))
                    os.makedirs(log.at(name))
                elif how == 2:
                    os.remove(log.at(name))
                    os.mkfifo(log.at(name))
                elif how == 3:
                    log.put(name, log.get(dice.choice([n for n in self.names if os.path.isfile(log.at(n))] or [name])))
                else:
                    log.put(name, mangled(dice, data))
            with self.subTest(turn):
                code, said = self.run_verifier(log, *outside, "--deep")
                self.assertEqual(said["verdict"], ("ok", "fault", "unreadable")[code])
                self.assertEqual(code == 0, said["fault"] is None)
                ended[code] += 1
        self.assertGreater(ended[1], ROUNDS // 2)
        self.assertGreater(ended[2], 0)

    def test_entries_signed_as_they_are(self):
        """Garbage the log itself hashed and signed, so that nothing stops it before --deep."""
        dice = random.Random(2)
        seen = set()
        for turn in range(ROUNDS):
            entries = [made.entry(i, case="é", fields={"asked": ["a"]}) for i in range(3)]
            entries[1] = mangled(dice, entries[1])[:65535]
            log = made.Made(self.folder("signed"), entries).write()
            with self.subTest(turn):
                code, said = self.run_verifier(log, "--deep")
                self.assertIn(code, (0, 1))
                if code == 1:
                    # A time moved onwards shows at the entry after it.
                    later = said["fault"]["code"] == "TIME_BACKWARDS" and said["fault"]["index"] == 2
                    self.assertTrue(later or said["fault"]["index"] == 1, said["fault"])
                    seen.add(said["fault"]["code"])
        self.assertLessEqual({"ENTRY_MALFORMED", "ENTRY_INDEX", "ENTRY_ORIGIN"}, seen)

    def test_garbage_as_evidence(self):
        dice = random.Random(3)
        ended = {0: 0, 1: 0, 2: 0}
        log = self.log(3)
        for turn in range(ROUNDS):
            spoilt = dice.choice(list(self.outside))
            arguments = []
            for option, data in self.outside.items():
                data = mangled(dice, data) if option == spoilt else data
                arguments += [option, self.file(data)]
            with self.subTest(turn):
                code, said = self.run_verifier(log, *arguments)
                self.assertEqual(said["verdict"], ("ok", "fault", "unreadable")[code])
                ended[code] += 1
        self.assertGreater(ended[1], 0)
        self.assertGreater(ended[2], 0)


class Mixed(Case):
    """Sound evidence and evidence at odds, in any mixture: what comes first, and from where on."""

    SIZE = 300

    def test_checkpoints_and_receipts_of_two_histories(self):
        dice = random.Random(4)
        entries = [made.entry(i) for i in range(self.SIZE + 9)]
        honest = made.Made(self.folder("honest"), entries)
        other = made.Made(self.folder("other"), [*entries[:120], made.entry(120, reason="OTHER"), *entries[121:]])
        sizes = (0, 1, 100, 120, 121, 256, 299, self.SIZE, self.SIZE + 1, self.SIZE + 9)
        log = made.Made(self.folder("log"), entries[: self.SIZE])
        seen = set()
        for turn in range(ROUNDS):
            log.write(witnesses=dice.choice(([], [], [WITNESS], [SECOND])))
            arguments = []
            for _ in range(dice.randrange(6)):
                size = dice.choice(sizes)
                witnesses = dice.choice(([], [], [WITNESS], [WITNESS, SECOND]))
                data = dice.choice((honest, honest, honest, other)).checkpoint(size, witnesses=witnesses)
                if dice.randrange(12) == 0:
                    data = data[:-9] + b"AAAAAAA=\n"  # the last signature does not hold
                if dice.randrange(8) == 0:
                    log.put("witnessed", data)
                elif dice.randrange(2):
                    log.put(f"checkpoints/{dice.choice((size, dice.randrange(400)))}", data)
                else:
                    arguments += ["--checkpoint", self.file(data)]
            for _ in range(dice.randrange(3)):
                receipt = dice.choice((honest, honest, other)).receipt(dice.choice((0, 120, 121, 299, 300, 305)))
                if dice.randrange(8) == 0:
                    receipt = receipt.replace(made.ORIGIN, "elsewhere")
                arguments += ["--receipt", self.file(receipt)]
            if dice.randrange(2):
                arguments += ["--witness-key", WITNESS.vkey()]
            if dice.randrange(6) == 0:
                log.put("checkpoint", other.checkpoint(self.SIZE))
            with self.subTest(turn):
                code, said = self.run_verifier(log, *arguments)
                self.assertIn(code, (0, 1))
                seen.add(said["fault"] and said["fault"]["code"])
        everything = {None, "CHECKPOINT_SIGNATURE", "COSIGNATURE_BAD", "ROOT_MISMATCH", "FORK", "TRUNCATED"}
        self.assertLessEqual(everything | {"RECEIPT_ORIGIN", "RECEIPT_MISMATCH"}, seen)

    def test_stand_ins_for_partial_files(self):
        """Some of them are there, of some a part, and some are wrong."""
        dice = random.Random(5)
        entries = [made.entry(i) for i in range(256)]
        leaves = [made.leaf(entry) for entry in entries]
        seen = set()
        for turn in range(ROUNDS // 2):
            log = made.Made(self.folder("log"), entries[:100]).write()
            for kind, parts in (("entries", [made.bundle([entry]) for entry in entries]), (0, leaves)):
                os.remove(log.at(made.path(kind, 0, 100)))
                for width in dice.sample((99, 100, 101, 180, 255, 256), dice.randrange(1, 4)):
                    data = b"".join(parts[:width])
                    how = dice.randrange(6)
                    at = dice.choice((len(b"".join(parts[:100])), dice.randrange(len(data))))
                    if how == 0:
                        data = data[:at]
                    elif how == 1:
                        data = data[:at] + dice.randbytes(dice.randrange(1, 40)) + data[at + 1 :]
                    elif how == 2:
                        data += b"more"
                    log.put(made.path(kind, 0, width), data)
            with self.subTest(turn):
                code, said = self.run_verifier(log)
                self.assertIn(code, (0, 1))
                seen.add(said["fault"] and said["fault"]["code"])
        self.assertLessEqual({None, "ENTRY_MISSING", "ENTRY_CHANGED", "TILE_MISSING", "TILE_WRONG"}, seen)
