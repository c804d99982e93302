"""The two verifiers over a log that the gateway itself wrote, and over everything that can be done
to each of its entries. Of the logs made here, every test file asks both."""

import base64
import copy
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import agree
import made
import notes

MOST_SECONDS = 60


def written(folder):
    """Lets the gateway of a sandbox write a log there. The checkpoints it published on its way."""
    printed = os.path.join(folder, "printed")
    data = os.path.join(folder, "sandbox")
    with open(printed, "wb") as out:
        sandbox = subprocess.Popen([agree.program(), "sandbox", "--data", data], stdout=out, stderr=out)
    log = os.path.join(data, "log")
    seen = {}
    try:
        _until(lambda: "Ctrl-C" in _text(printed) and _size(log, seen), sandbox, printed)
        # It prints commands that use it; with them entries come about.
        lines = [line.strip() for line in _text(printed).splitlines()]
        for line in lines:
            if line.startswith(agree.program() + " "):
                line = line.replace("$C", os.path.join(data, "clients"))
                subprocess.run(shlex.split(line), capture_output=True, timeout=MOST_SECONDS)
                _size(log, seen)
        _until(lambda: _size(log, seen) >= 40, sandbox, printed)
    finally:
        sandbox.send_signal(signal.SIGTERM)
        try:
            sandbox.wait(MOST_SECONDS)
        finally:
            sandbox.kill()
    _size(log, seen)
    return log, os.path.join(data, "log.pub"), seen


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def _size(log, seen):
    """The size of the log as published now. Remembers the checkpoint."""
    try:
        with open(os.path.join(log, "checkpoint"), "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return 0
    size = notes.parse_body(notes.split_note(data)[0])[1]
    seen[size] = data
    return size


def _until(condition, process, printed):
    end = time.monotonic() + MOST_SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            raise AssertionError("the sandbox wrote no log:\n" + _text(printed))
        time.sleep(0.05)


class Written(unittest.TestCase):
    """What the gateway wrote, and one thing at a time done to it."""

    @classmethod
    def setUpClass(cls):
        held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(held.cleanup)
        cls.held = held.name
        cls.log, cls.key, cls.checkpoints = written(cls.held)
        cls.size = max(cls.checkpoints)
        assert 40 <= cls.size < 256, f"this test is about one bundle, and the log has {cls.size} entries"
        cls.bundle = os.path.join(cls.log, f"tile/entries/000.p/{cls.size}")
        with open(cls.bundle, "rb") as file:
            cls.right = file.read()
        cls.entries, at = [], 0
        while at < len(cls.right):
            end = at + 2 + int.from_bytes(cls.right[at : at + 2], "big")
            cls.entries.append(cls.right[at + 2 : end])
            at = end
        cls.outside = os.path.join(cls.held, "outside")
        shutil.copyfile(os.path.join(cls.log, "checkpoint"), cls.outside)

    def tearDown(self):
        self.write(self.right)

    def write(self, data):
        with open(self.bundle, "wb") as file:
            file.write(data)

    def both(self, *more):
        return agree.both(["--log", self.log, "--key", self.key, *more])

    def found(self, *more):
        code, said = self.both(*more)
        self.assertEqual((code, said["verdict"]), (1, "fault"))
        return said["fault"]["code"], said["fault"]["index"]

    def test_as_it_was_written(self):
        code, said = self.both("--deep")
        self.assertEqual((code, said["fault"], said["size"]), (0, None, self.size))
        self.assertEqual(said["truncation"], "undetectable")
        self.assertEqual(len(self.entries), self.size)
        # All it published on its way is of one history.
        given = []
        for size, data in self.checkpoints.items():
            given += ["--checkpoint", os.path.join(self.held, f"at-{size}")]
            with open(given[-1], "wb") as file:
                file.write(data)
        self.assertGreater(len(self.checkpoints), 1)
        code, said = self.both("--deep", *given)
        self.assertEqual((code, said["covered"], said["truncation"]), (0, self.size, "none_below_covered"))

    def test_one_bit_of_every_entry(self):
        for at, entry in enumerate(self.entries):
            for place in (at * 7 % len(entry), len(entry) - 1):
                with self.subTest(at=at, place=place):
                    changed = bytearray(entry)
                    changed[place] ^= 1 << at % 8
                    self.write(made.bundle([*self.entries[:at], bytes(changed), *self.entries[at + 1 :]]))
                    code, index = self.found("--deep")
                    self.assertEqual(index, at)
                    self.assertIn(code, ("ENTRY_CHANGED", "ENTRY_INDEX"))

    def test_every_entry_deleted_doubled_and_swapped(self):
        entries, last = self.entries, self.size - 1
        for at in range(self.size):
            before, after = entries[:at], entries[at + 1 :]
            cases = [
                # Of the last one nothing is left to stand in its place.
                ("delete", before + after, ("ENTRY_INDEX" if at < last else "ENTRY_MALFORMED", at)),
                # Doubled, the last one stands behind the end.
                ("double", [*before, entries[at], *entries[at:]], ("ENTRY_INDEX" if at < last else "ENTRY_MALFORMED", at + 1)),
            ]
            if at < last:
                cases.append(("swap", [*before, after[0], entries[at], *after[1:]], ("ENTRY_INDEX", at)))
            for how, tampered, expected in cases:
                with self.subTest(how=how, at=at):
                    self.write(made.bundle(tampered))
                    self.assertEqual(self.found("--deep"), expected)

    def test_cut_off_after_every_entry(self):
        """By somebody who holds the log's key: signed anew, and only an outsider can tell."""
        origin = self.both()[1]["origin"]
        signer = made.Signer(origin, seed="another")
        key = signer.vkey()
        leaves = [made.leaf(entry) for entry in self.entries]
        outside = os.path.join(self.held, "outside-of-ours")
        receipt = os.path.join(self.held, "receipt-of-ours")
        with open(outside, "wb") as file:
            file.write(made.checkpoint(self.size, made.mth(leaves), origin, signer))
        with open(receipt, "w", encoding="utf-8") as file:
            json.dump({"origin": origin, "index": self.size - 1, "leafHash": leaves[-1].hex()}, file)
        for size in range(self.size):
            cut = made.Made(os.path.join(self.held, "cut"), self.entries[:size]).write()
            cut.put("checkpoint", made.checkpoint(size, cut.root(), origin, signer))
            asked = ["--log", cut.folder, "--key", key]
            how = ("--checkpoint", outside) if size % 2 else ("--receipt", receipt)
            with self.subTest(size):
                code, said = agree.both([*asked, *how])
                self.assertEqual((code, said["fault"]["code"], said["fault"]["index"]), (1, "TRUNCATED", size))
                self.assertEqual(said["truncation"], "found")
        code, said = agree.both(asked)
        self.assertEqual((code, said["truncation"]), (0, "undetectable"))

    def test_the_log_at_an_earlier_time(self):
        """Its own earlier checkpoint, put back: older files are still there to go with it."""
        newest = os.path.join(self.log, "checkpoint")
        self.addCleanup(shutil.copyfile, self.outside, newest)
        for size in self.checkpoints:
            if size == self.size:
                continue
            with self.subTest(size):
                with open(newest, "wb") as file:
                    file.write(self.checkpoints[size])
                self.assertEqual(self.both("--deep")[0], 0)
                self.assertEqual(self.found("--checkpoint", self.outside), ("TRUNCATED", size))


class Comparison(unittest.TestCase):
    """What the comparison would not notice, it would not be worth."""

    RIGHT = {
        "verdict": "fault",
        "origin": "o",
        "size": 3,
        "root": base64.b64encode(bytes(32)).decode(),
        "evidence": {"checkpoints": 1, "receipts": 1, "witness_keys": 1},
        "covered": 2,
        "truncation": "found",
        "witnessed": {"size": 2, "time": "2026-11-18T11:06:40Z", "witnesses": ["w"]},
        "unwitnessed": {"entries": 1, "since": made.instant(2)},
        "checked": {"entries": 3, "tiles": 1, "checkpoints": 1, "receipts": 1, "deep": True},
        "fault": {"code": "FORK", "index": 2, "detail": "a sentence"},
    }

    def test_one_field_changed(self):
        for verdict in ("fault", "ok"):
            right = {**self.RIGHT, "verdict": verdict}
            self.assertEqual(agree.differences((1, right), (1, copy.deepcopy(right))), [])
            self.assertEqual([d[0] for d in agree.differences((1, right), (0, right))], ["exit code"])
            for path in self.fields(right):
                wrong = copy.deepcopy(right)
                *above, key = path
                part = wrong
                for step in above:
                    part = part[step]
                part[key] = "x" if part[key] is None else None
                # The sentence is each one's own, and so is where a search stopped.
                ignored = path == ("fault", "detail") or (path[0] == "checked" and verdict == "fault")
                with self.subTest(path=path, verdict=verdict):
                    found = [d[0] for d in agree.differences((1, right), (1, wrong))]
                    if path == ("verdict",):
                        self.assertIn("verdict", found)
                    else:
                        self.assertEqual(found, [] if ignored else [path[0]])

    def fields(self, value, path=()):
        if path:
            yield path
        if isinstance(value, dict):
            for key, part in value.items():
                yield from self.fields(part, (*path, key))

    def test_a_field_more_or_less(self):
        less = {key: part for key, part in self.RIGHT.items() if key != "covered"}
        for other in (less, {**self.RIGHT, "more": 1}, dict(reversed(self.RIGHT.items()))):
            self.assertIn("keys", [d[0] for d in agree.differences((1, self.RIGHT), (1, other))])

    def test_a_wrong_report_of_the_gateway_is_noticed(self):
        """The whole way, with a program that says something else than it found."""
        with tempfile.TemporaryDirectory() as held:
            log = made.Made(os.path.join(held, "log"), [made.entry(i) for i in range(3)]).write()
            asked = ["--log", log.folder, "--key", made.LOG.vkey()]
            liar = os.path.join(held, "liar")
            with open(liar, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{shlex.quote(agree.program())} \"$@\" | sed 's/\"covered\":0/\"covered\":3/'\n")
            os.chmod(liar, 0o700)
            agree.both(asked)
            before = os.environ.get("MOTLAN")
            os.environ["MOTLAN"] = liar
            try:
                with self.assertRaisesRegex(AssertionError, "covered: Python says 0, the gateway 3"):
                    agree.both(asked)
                os.environ["MOTLAN"] = os.path.join(held, "nowhere")
                with self.assertRaises(SystemExit):
                    agree.both(asked)
            finally:
                os.environ.pop("MOTLAN") if before is None else os.environ.update(MOTLAN=before)


if __name__ == "__main__":
    unittest.main()
