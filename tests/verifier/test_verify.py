"""The verifier against logs made here: every fault code, every kind of evidence, every entry."""

import json
import os
import random
import subprocess
import sys
import unittest

import made
import notes
import store
import tree
from cases import Case, fault
from made import LOG, SECOND, WITNESS, Made, Signer, entry


class KnownAnswers(unittest.TestCase):
    """What others computed, so that the maker and the verifier are not only right about each other."""

    def test_the_tree_of_certificate_transparency(self):
        data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        built = tree.Tree()
        self.assertEqual(built.root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        for one in data:
            built.append(tree.leaf_hash(bytes.fromhex(one)))
        self.assertEqual(tree.leaf_hash(b"").hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        self.assertEqual(built.root().hex(), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")

    def test_the_note_of_the_go_documentation(self):
        key = notes.parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", notes.LOG_KEY)
        signed = (
            "If you think cryptography is the answer to your problem,\n"
            "then you don't know what your problem is.\n\n"
            "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        )
        text, [(name, identity, signature)] = notes.split_note(signed.encode())
        self.assertEqual((name, identity), (key.name, key.id))
        self.assertTrue(key.verifies(signature, text.encode()))
        self.assertFalse(key.verifies(signature, text.encode() + b" "))

    def test_paths(self):
        self.assertEqual(made.path(0, 1234067, 256), "tile/0/x001/x234/067")
        for number in (0, 7, 999, 1000, 1234067):
            self.assertEqual(store.tile_path("entries", number), made.path("entries", number, 256))


class Sound(Case):
    """Logs without a fault, and what is said of them."""

    def test_sizes_at_the_edges_of_tiles(self):
        for size in (0, 1, 255, 256, 257, 511, 512, 513):
            with self.subTest(size):
                log = self.log(size, kept=[s for s in (0, 1, 255, 256, 257, size) if s <= size])
                said = self.ok(log, "--deep")
                self.assertEqual((said["size"], said["checked"]["entries"]), (size, size))
                self.assertEqual(said["truncation"], "undetectable")
                self.assertEqual(said["unwitnessed"], {"entries": size, "since": made.instant(0) if size else None})

    def test_a_log_of_three_levels(self):
        log = self.log(65_537, kept=[65_535, 65_536, 300])
        said = self.ok(log)
        # One full tile at level 1: the last entry of all is no full tile yet. One hash at level 2.
        self.assertEqual(said["checked"]["tiles"], 257 + 1 + 1)
        for name, first in (("tile/1/000", 256 * 77), ("tile/2/000.p/1", 0)):
            with self.subTest(name):
                right = log.get(name)
                place = first // 256 * 32
                log.put(name, right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :])
                self.assertEqual(fault(self.faulty(log)), ("TILE_WRONG", first))
                os.remove(log.at(name))
                self.assertEqual(fault(self.faulty(log)), ("TILE_MISSING", 0))
                log.put(name, right)
        self.ok(log)

    def test_the_json_has_its_keys_in_order(self):
        log = self.log(3, witnesses=[WITNESS])
        said = self.ok(log, "--witness-key", WITNESS.vkey(), "--deep")
        self.assertEqual(
            list(said),
            "verdict origin size root keys evidence covered truncation witnessed unwitnessed checked fault".split(),
        )
        self.assertEqual(said["origin"], made.ORIGIN)
        self.assertEqual(said["keys"], {"reached": [], "signed": [made.LOG.vkey()]})
        self.assertEqual(said["witnessed"], {"size": 3, "time": "2026-11-18T11:06:40Z", "witnesses": [WITNESS.name]})
        self.assertEqual(said["unwitnessed"], {"entries": 0, "since": None})
        self.assertEqual(list(said["checked"]), "entries tiles checkpoints receipts deep".split())
        self.assertTrue(said["checked"]["deep"])

    def test_a_wider_or_full_tile_stands_in(self):
        for wider in (200, 256):
            with self.subTest(wider):
                log = self.log(wider)
                log.put("checkpoint", log.checkpoint(100))
                said = self.ok(log, "--deep")
                self.assertEqual((said["size"], said["checked"]["entries"]), (100, 100))

    def test_truncation_is_undetectable_without_evidence_and_said_so(self):
        log = self.log(20)
        code, text = self.run_verifier(log, json_wanted=False)
        self.assertEqual(code, 0)
        self.assertIn("truncation is UNDETECTABLE", text)
        self.assertNotIn("clean", text)
        code, text = self.run_verifier(log, "--receipt", self.file(log.receipt(3)), json_wanted=False)
        self.assertNotIn("UNDETECTABLE", text)
        self.assertIn("none among the first 4 entries", text)
        # A cosignature counts only by a witness somebody named; the log's kept checkpoints never.
        log = self.log(20, witnesses=[WITNESS], kept=[10])
        self.assertEqual(self.ok(log)["truncation"], "undetectable")
        self.assertEqual(self.ok(log, "--witness-key", SECOND.vkey())["truncation"], "undetectable")
        self.assertEqual(self.ok(log, "--witness-key", WITNESS.vkey())["covered"], 20)

    def test_what_covers(self):
        log = self.log(300)
        log.put("checkpoints/280", log.checkpoint(280, witnesses=[WITNESS]))
        log.put("checkpoints/290", log.checkpoint(290))
        given = self.file(log.checkpoint(200))
        receipt = self.file(f"[{log.receipt(5)}, {log.receipt(249)}]")
        for arguments, covered in (
            ([], 0),
            (["--checkpoint", given], 200),
            (["--receipt", receipt], 250),
            (["--witness-key", WITNESS.vkey()], 280),
            (["--checkpoint", given, "--receipt", receipt, "--witness-key", WITNESS.vkey()], 280),
        ):
            with self.subTest(arguments):
                said = self.ok(log, *arguments)
                self.assertEqual(said["covered"], covered)
                self.assertEqual(said["truncation"], "none_below_covered" if covered else "undetectable")
        self.assertEqual(said["evidence"], {"checkpoints": 1, "receipts": 2, "witness_keys": 1})
        self.assertEqual(said["checked"]["checkpoints"], 4)
        self.assertEqual(said["unwitnessed"], {"entries": 20, "since": made.instant(280)})

    def test_the_newest_time_and_all_witnesses_of_the_largest_size(self):
        log = self.log(30)
        text = log.checkpoint().decode().split("\n\n")[0] + "\n"
        log.put("checkpoint", made.note(text, LOG.line(text), WITNESS.line(text, 1000)))
        given = self.file(made.note(text, LOG.line(text), SECOND.line(text, 2000)))
        keys = self.file(f"# two witnesses\n\n{WITNESS.vkey()}\n  {SECOND.vkey()}\n")
        said = self.ok(log, "--checkpoint", given, "--witness-key", keys)
        self.assertEqual(
            said["witnessed"], {"size": 30, "time": "1970-01-01T00:33:20Z", "witnesses": [WITNESS.name, SECOND.name]}
        )

    def test_an_unknown_signature_and_an_extension_line_are_passed_over(self):
        log = self.log(4)
        stranger = Signer("stranger.example.vn")
        text = log.checkpoint(extra="extension\n").decode().rpartition("\n\n")[0] + "\n"
        namesake = Signer(made.ORIGIN, seed="other")
        log.put("checkpoint", made.note(text, stranger.line(text), namesake.line("x\n"), LOG.line(text)))
        self.ok(log)

    def test_the_command_itself(self):
        log = self.log(5)
        program = os.path.join(os.path.dirname(__file__), "verify.py")
        arguments = [sys.executable, program, "--log", log.folder, "--key", LOG.vkey(), "--json"]
        ran = subprocess.run(arguments, capture_output=True, timeout=60)
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        self.assertEqual(json.loads(ran.stdout)["size"], 5)
        log.put("tile/0/000.p/5", b"")
        self.assertEqual(subprocess.run(arguments, capture_output=True, timeout=60).returncode, 1)
        os.remove(log.at("checkpoint"))
        self.assertEqual(subprocess.run(arguments, capture_output=True, timeout=60).returncode, 2)


class EveryEntry(Case):
    """One changed bit, in each entry of a log, is found at that entry."""

    def test_one_bit_of_every_entry(self):
        log = self.log(600)
        right = list(log.entries)
        dice = random.Random(7)
        codes = {"ENTRY_CHANGED": 0, "ENTRY_INDEX": 0}
        for index in range(0, 600, 3):
            bit = dice.randrange(len(right[index]) * 8)
            changed = bytearray(right[index])
            changed[bit // 8] ^= 1 << bit % 8
            log.entries[index] = bytes(changed)
            log.write_bundle(index // 256)
            code, at = fault(self.faulty(log))
            self.assertEqual(at, index, f"bit {bit}: {code}")
            codes[code] += 1
            log.entries[index] = right[index]
            log.write_bundle(index // 256)
        self.ok(log)
        self.assertTrue(all(codes.values()), codes)

    def test_one_bit_of_a_length(self):
        log = self.log(600)
        for index in range(0, 600, 37):
            number = index // 256
            name = made.path("entries", number, min(256, 600 - number * 256))
            right = log.get(name)
            at = len(made.bundle(log.entries[number * 256 : index]))
            for bit in (0, 3, 7, 8, 15):
                changed = bytearray(right)
                changed[at + bit // 8] ^= 1 << bit % 8
                log.put(name, changed)
                self.assertEqual(fault(self.faulty(log))[1], index)
            log.put(name, right)
        self.ok(log)

    def test_one_bit_of_a_hash_of_level_0(self):
        log = self.log(600)
        for index in range(0, 600, 23):
            number = index // 256
            name = made.path(0, number, min(256, 600 - number * 256))
            right = log.get(name)
            changed = bytearray(right)
            changed[(index % 256) * 32 + 11] ^= 4
            log.put(name, changed)
            self.assertEqual(fault(self.faulty(log)), ("ENTRY_CHANGED", index))
            log.put(name, right)


class Tampered(Case):
    """Somebody who holds the files, and then also the log's key, works on the entries."""

    SIZE = 600

    def tampered(self, how, at):
        entries = [entry(i) for i in range(self.SIZE)]
        if how == "delete":
            del entries[at]
        elif how == "duplicate":
            entries.insert(at + 1, entries[at])
        elif how == "swap":
            entries[at], entries[at + 1] = entries[at + 1], entries[at]
        elif how == "rewrite":
            entries[at] = entry(at, reason="OTHER")
        return entries

    def test_with_the_files_only(self):
        """Bundles are written anew, tiles stay, and the old checkpoint."""
        for how, code, shift in (
            ("delete", "ENTRY_INDEX", 0),
            ("duplicate", "ENTRY_INDEX", 1),
            ("swap", "ENTRY_INDEX", 0),
            ("rewrite", "ENTRY_CHANGED", 0),
        ):
            for at in (0, 1, 254, 255, 256, 400, 598):
                with self.subTest(how=how, at=at):
                    log = self.log(self.SIZE)
                    log.entries = (self.tampered(how, at) + [b"{}"])[: self.SIZE]
                    for number in range(3):
                        log.write_bundle(number)
                    self.assertEqual(fault(self.faulty(log)), (code, at + shift))

    def test_with_the_key_of_the_log(self):
        """All is written and signed anew, indices and all: only evidence from outside tells."""
        honest = Made(self.folder("honest"), [entry(i) for i in range(self.SIZE)])
        given = [self.file(honest.checkpoint(size)) for size in (100, 300, 600)]
        receipts = {at: self.file(honest.receipt(at)) for at in (50, 299, 450)}
        for at, good, mismatch in ((50, None, 50), (299, 100, 299), (450, 300, 450)):
            with self.subTest(at):
                log = Made(self.folder("forged"), self.tampered("rewrite", at)).write()
                self.assertEqual(self.ok(log, "--deep")["truncation"], "undetectable")
                every = [part for name in given for part in ("--checkpoint", name)]
                self.assertEqual(fault(self.faulty(log, *every)), ("FORK", good))
                self.assertEqual(fault(self.faulty(log, "--receipt", receipts[at])), ("RECEIPT_MISMATCH", mismatch))
                others = [receipts[other] for other in receipts if other != at]
                self.ok(log, "--receipt", others[0], "--receipt", others[1])

    def test_the_end_is_cut_off(self):
        honest = Made(self.folder("honest"), [entry(i) for i in range(self.SIZE)])
        outside = {
            "--checkpoint": self.file(honest.checkpoint()),
            "--receipt": self.file(honest.receipt(599)),
        }
        for size in (0, 1, 256, 599):
            log = Made(self.folder("cut"), honest.entries[:size]).write()
            self.assertEqual(self.ok(log, "--deep")["truncation"], "undetectable")
            for option, name in outside.items():
                with self.subTest(size=size, option=option):
                    said = self.faulty(log, option, name)
                    self.assertEqual(fault(said), ("TRUNCATED", size))
                    self.assertEqual((said["covered"], said["truncation"]), (600, "found"))
            log.put("checkpoints/600", honest.checkpoint())
            self.assertEqual(fault(self.faulty(log)), ("TRUNCATED", size))

    def test_a_level_0_tile_written_anew(self):
        """Entry and its hash agree; the tile above, or the root, do not."""
        for at, code, index, kept in (
            (7, "TILE_WRONG", 0, []),
            (300, "TILE_WRONG", 256, [10]),
            (550, "ROOT_MISMATCH", None, []),
            (550, "ROOT_MISMATCH", 520, [100, 520, 560]),
        ):
            with self.subTest(at=at, kept=kept):
                log = self.log(self.SIZE, kept=kept)
                forged = Made(log.folder, self.tampered("rewrite", at))
                number = at // 256
                forged.write_bundle(number)
                part = forged.leaves[number * 256 : (number + 1) * 256]
                forged.put(made.path(0, number, len(part)), b"".join(part))
                self.assertEqual(fault(self.faulty(log)), (code, index))


if __name__ == "__main__":
    unittest.main()
