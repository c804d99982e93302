"""What can be done to an entry of a log of two thousand, against each kind of evidence that others
kept: a sample of what the gateway's own tests do to every entry. Both verifiers must find it, where
it is, and say what they were given. What has to come of it is computed here, from what differs."""

import base64
import hashlib
import json
import os
import random
import tempfile
import unittest

import agree
import made

SIZE = 2_050
LATER = SIZE + 60
AN_HOUR = 100
CASES = 60

BY_FILES = ("flip", "delete", "double", "swap", "cut")
BY_KEY = ("flip", "delete", "double", "swap", "cut", "fork")
ATTACKS = [("files", how) for how in BY_FILES] + [("key", how) for how in BY_KEY] + [("nobody", "put back")]
GIVEN = ("nothing", "witness key", "checkpoint", "around", "receipt", "later receipt", "cosignature")


def entry(index):
    """An entry of a gateway's length, about somebody."""
    digest = hashlib.sha256(str(index).encode()).hexdigest()
    return made.entry(
        index,
        kind="access.intent",
        trace=digest[:32],
        operation="GetPerson",
        dataset="population.person",
        caller={"agency": f"H32.{index % 7}", "system": "portal"},
        actor={"account": f"lan.nguyen{index % 5}", "kind": "OFFICER"},
        purpose={"dossier": f"H32.212-261121-{index // 8:04d}"},
        procedure="1.004222",
        legal_basis=["Luật Cư trú 2020, Điều 38"],
        decision={"effect": "PERMIT", "policies": ["dossier.subject"], "policy_digest": f"sha256:{digest}"},
    )


def renumbered(data, index):
    return made.plain({**json.loads(data), "index": index})


def other(data):
    """Another entry in that place, just as good: its time a microsecond on."""
    fields = json.loads(data)
    return made.plain({**fields, "time": fields["time"].replace("000000Z", "000001Z")})


class Case:
    """One thing done to the log: what is shown, and from where on that is not what was."""

    def __init__(self, folder, entries, by, how, index, bit):
        self.entries, self.log = entries[:SIZE], made.Made(folder, entries[:SIZE])
        self.by, self.shows = by, by == "files"
        if by == "nobody":
            self.first = self.size = max(index + 1 - AN_HOUR, 0)
            self.log.write()
            self.log.put("checkpoint", self.log.checkpoint(self.size))
            return
        index = min(index, SIZE - 2) if how == "swap" else index
        lines = list(self.entries)
        self.first = index
        if how == "flip" and by == "files":
            changed = bytearray(lines[index])
            changed[bit // 8 % len(changed)] ^= 1 << bit % 8
            lines[index] = bytes(changed)
        elif how == "flip":
            lines[index] = other(lines[index])
        elif how == "delete":
            del lines[index]
        elif how == "double":
            lines.insert(index + 1, lines[index])
            self.first = index + 1
        elif how == "swap":
            lines[index], lines[index + 1] = lines[index + 1], lines[index]
        elif how == "cut":
            del lines[index + 1 :]
            self.first = index + 1
            self.shows = self.shows and self.first < SIZE
        elif how == "fork":
            lines[index:] = [other(data) for data in lines[index:]]
        if by == "key":
            self.entries = [data if data == was else renumbered(data, at) for at, (data, was) in
                            enumerate(zip(lines, self.entries + [b""] * 2))]
            self.log = made.Made(folder, self.entries).write()
            self.size = len(self.entries)
            return
        self.size = SIZE
        self.log.write()
        for start in range(0, SIZE, 256):
            end = start + 256 if start + 256 < SIZE else len(lines)
            name = made.path("entries", start // 256, min(256, SIZE - start))
            if lines[start:end]:
                self.log.put(name, made.bundle(lines[start:end]))
            else:
                os.remove(self.log.at(name))


class Tampered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(held.cleanup)
        cls.held = held.name
        cls.entries = [entry(index) for index in range(LATER)]
        cls.leaves = [made.leaf(data) for data in cls.entries]
        cls.witness_key = made.WITNESS.vkey()

    def file(self, name, data):
        path = os.path.join(self.held, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def checkpoint(self, size, witnesses=()):
        data = made.checkpoint(size, made.mth(self.leaves[:size]), witnesses=witnesses)
        return ["--checkpoint", self.file(f"checkpoint-{size}", data)]

    def receipt(self, index):
        leaf = base64.b64encode(self.leaves[index]).decode()
        said = {"origin": made.ORIGIN, "index": str(index), "leafHash": leaf}
        return ["--receipt", self.file("receipt", json.dumps(said).encode())]

    def given(self, kind, case, rng):
        """Arguments, sizes of checkpoints, and the index of a receipt."""
        later = rng.randint(case.first + 1, LATER)
        if kind == "checkpoint":
            return self.checkpoint(later), [later], None
        if kind == "around":
            return self.checkpoint(later) + self.checkpoint(case.first), [case.first, later], None
        if kind == "cosignature":
            trusted = ["--witness-key", self.witness_key]
            return trusted + self.checkpoint(later, [made.WITNESS]), [later], None
        if kind in ("receipt", "later receipt"):
            index = case.first if kind == "receipt" else rng.randint(case.first, LATER - 1)
            return self.receipt(index), [], index
        return (["--witness-key", self.witness_key] if kind == "witness key" else []), [], None

    def expected(self, case, sizes, receipt):
        """Whether it is a fault, and at which index."""
        covered = max([0, *sizes, *([receipt + 1] if receipt is not None else [])])
        if case.shows:
            return covered, (None, case.first)
        if any(case.first < size <= case.size for size in sizes):
            return covered, ("FORK", max((size for size in sizes if size <= case.first), default=None))
        if covered > case.size:
            return covered, ("TRUNCATED", case.size)
        if receipt is not None and case.entries[receipt] != self.entries[receipt]:
            return covered, ("RECEIPT_MISMATCH", receipt)
        return covered, None

    def test_a_sample(self):
        rng = random.Random(20_261_127)
        told = {"found": 0, "undetectable": 0, "beside": 0}
        # Each attack meets each kind of evidence as often as any other, as far as it goes round.
        pairs = [(attack, kind) for attack in ATTACKS for kind in GIVEN]
        rng.shuffle(pairs)
        for number, ((by, how), kind) in enumerate(pairs[:CASES]):
            index, bit = rng.randrange(SIZE), rng.randrange(1 << 20)
            case = Case(os.path.join(self.held, "log"), self.entries, by, how, index, bit)
            arguments, sizes, receipt = self.given(kind, case, rng)
            with self.subTest(number, by=by, how=how, kind=kind, index=index):
                covered, wanted = self.expected(case, sizes, receipt)
                code, said = agree.both(["--log", case.log.folder, "--key", made.LOG.vkey(), *arguments])
                witnesses = int(kind in ("witness key", "cosignature"))
                self.assertEqual(
                    said["evidence"],
                    {"checkpoints": len(sizes), "receipts": int(receipt is not None), "witness_keys": witnesses},
                )
                self.assertEqual(said["covered"], covered)
                if wanted:
                    self.assertEqual((code, said["fault"]["index"]), (1, wanted[1]), said["fault"])
                    names = (wanted[0],) if wanted[0] else ("ENTRY_CHANGED", "ENTRY_INDEX", "ENTRY_MALFORMED", "ENTRY_MISSING")
                    self.assertIn(said["fault"]["code"], names)
                    told["found"] += 1
                    continue
                self.assertEqual((code, said["fault"]), (0, None))
                if not covered:
                    self.assertEqual(said["truncation"], "undetectable")
                    told["undetectable"] += 1
                    continue
                # A receipt of an entry that stayed says nothing about another.
                self.assertEqual(kind, "later receipt")
                told["beside"] += 1
        self.assertEqual(sum(told.values()), CASES)
        self.assertGreater(told["undetectable"], 0, "control: without evidence there are some")
        self.assertGreater(told["found"], CASES // 2)


if __name__ == "__main__":
    unittest.main()
