"""Checkpoints, cosignatures, receipts and keys that are wrong, and what cannot be read at all."""

import base64
import gzip
import http.server
import json
import os
import threading

import made
from cases import Case, fault
from made import LOG, SECOND, WITNESS, Made, Signer, entry

OTHER = Signer("other.example.vn/log")


def spoilt(note):
    """The last signature of a note with one bit changed."""
    head, _, line = note.decode().rstrip("\n").rpartition(" ")
    data = bytearray(base64.b64decode(line))
    data[-1] ^= 1
    return f"{head} {base64.b64encode(data).decode()}\n".encode()


class Signatures(Case):
    def test_the_newest_checkpoint(self):
        log = self.log(3)
        right = log.checkpoint()
        root = log.root()
        text = right.decode().partition("\n\n")[0] + "\n"
        long_text = f"{made.ORIGIN}\n3\n{base64.b64encode(root).decode()}"
        for what, data, code in (
            ("nothing", b"", "CHECKPOINT_SIGNATURE"),
            ("no signature", text.encode(), "CHECKPOINT_SIGNATURE"),
            ("no blank line", right.replace(b"\n\n", b"\n"), "CHECKPOINT_SIGNATURE"),
            ("no last newline", right[:-1], "CHECKPOINT_SIGNATURE"),
            ("carriage returns", right.replace(b"\n", b"\r\n"), "CHECKPOINT_SIGNATURE"),
            ("not UTF-8", right + b"\xff\n", "CHECKPOINT_SIGNATURE"),
            ("a hyphen for the dash", right.replace("—".encode(), b"-"), "CHECKPOINT_SIGNATURE"),
            ("another key", made.checkpoint(3, root, signer=OTHER), "CHECKPOINT_SIGNATURE"),
            ("a changed bit", spoilt(right), "CHECKPOINT_SIGNATURE"),
            ("another size", right.replace(b"\n3\n", b"\n2\n"), "CHECKPOINT_SIGNATURE"),
            ("a good and a bad line", right + spoilt(right).rpartition(b"\n\n")[2], "CHECKPOINT_SIGNATURE"),
            ("a short root", made.checkpoint(3, root[:31]), "CHECKPOINT_SIGNATURE"),
            ("a size with a zero", made.note(long_text.replace("\n3", "\n03") + "\n", LOG.line(long_text.replace("\n3", "\n03") + "\n")), "CHECKPOINT_SIGNATURE"),
            ("a size too large", made.checkpoint(1 << 63, root), "CHECKPOINT_SIGNATURE"),
            ("two lines", made.note("a\n1\n", LOG.line("a\n1\n")), "CHECKPOINT_SIGNATURE"),
            ("another origin", made.checkpoint(3, root, origin="elsewhere"), "CHECKPOINT_ORIGIN"),
            ("another root", made.checkpoint(3, bytes(32)), "ROOT_MISMATCH"),
            ("a size that is not there", made.checkpoint(4, root), "ENTRY_MISSING"),
        ):
            with self.subTest(what):
                log.put("checkpoint", data)
                said = self.faulty(log)
                self.assertEqual(fault(said), (code, 0 if code == "ENTRY_MISSING" else None))
                self.assertEqual(said["covered"], 0)
        log.put("checkpoint", right)
        self.ok(log)

    def test_the_key_of_another_log(self):
        log = self.log(3)
        self.assertEqual(fault(self.faulty(log, key=OTHER))[0], "CHECKPOINT_SIGNATURE")
        self.ok(log, "--key", OTHER.vkey())

    def test_cosignatures(self):
        named = ("--witness-key", WITNESS.vkey())
        log = self.log(3, witnesses=[SECOND, WITNESS])
        right = log.get("checkpoint")
        self.ok(log, *named)
        log.put("checkpoint", spoilt(right))
        self.ok(log)
        self.ok(log, "--witness-key", SECOND.vkey())
        # The bad one vouches for nothing; what else was given still does.
        given = self.file(log.checkpoint(2))
        self.assertEqual(self.faulty(log, *named, "--checkpoint", given)["covered"], 2)
        said = self.faulty(log, *named)
        self.assertEqual(fault(said), ("COSIGNATURE_BAD", None))
        self.assertEqual(said["size"], 3)
        text = right.decode().partition("\n\n")[0] + "\n"
        short = base64.b64encode(WITNESS.id + b"short").decode()
        for line in (
            f"— {WITNESS.name} {short}\n",
            WITNESS.line("x\n"),
            WITNESS.line(text, 1 << 63),
        ):
            log.put("checkpoint", made.note(text, LOG.line(text), WITNESS.line(text), line))
            self.assertEqual(fault(self.faulty(log, *named)), ("COSIGNATURE_BAD", None))
        # A time no calendar has is none, though the signature holds.
        log.put("checkpoint", made.note(text, LOG.line(text), WITNESS.line(text, 1 << 62)))
        self.assertEqual(self.ok(log, *named)["witnessed"], {"size": 3, "time": None, "witnesses": [WITNESS.name]})

    def test_kept_and_given_checkpoints(self):
        log = self.log(9, kept=[4])
        for what, data, code in (
            ("signature", spoilt(log.checkpoint(5)), "CHECKPOINT_SIGNATURE"),
            ("key", made.checkpoint(5, log.root(5), OTHER.name, OTHER), "CHECKPOINT_SIGNATURE"),
            ("origin", made.checkpoint(5, log.root(5), origin="elsewhere"), "CHECKPOINT_ORIGIN"),
            ("cosignature", spoilt(log.checkpoint(5, witnesses=[WITNESS])), "COSIGNATURE_BAD"),
            ("root", made.checkpoint(5, bytes(32)), "FORK"),
            ("root of the newest", made.checkpoint(9, bytes(32)), "FORK"),
            ("empty tree", made.checkpoint(0, bytes(32)), "FORK"),
            ("size", made.checkpoint(10, bytes(32)), "TRUNCATED"),
        ):
            named = ("--witness-key", WITNESS.vkey())
            index = {"FORK": None if what == "empty tree" else 4, "TRUNCATED": 9}.get(code)
            with self.subTest(what, by="given"):
                given = (*named, "--checkpoint", self.file(data))
                # Against one from outside the log's own kept checkpoints say nothing.
                self.assertEqual(fault(self.faulty(log, *given)), (code, None if code == "FORK" else index))
                good = 3 if index == 4 else index
                other = self.file(log.checkpoint(3))
                self.assertEqual(fault(self.faulty(log, *given, "--checkpoint", other)), (code, good))
            with self.subTest(what, by="kept"):
                log.put("checkpoints/7", data)
                self.assertEqual(fault(self.faulty(log, *named)), (code, index))
                os.remove(log.at("checkpoints/7"))
            with self.subTest(what, by="witnessed"):
                log.put("witnessed", data)
                self.assertEqual(fault(self.faulty(log, *named)), (code, index))
                os.remove(log.at("witnessed"))
        # A second log key may be named; its checkpoints are of another log all the same.
        alien = self.file(made.checkpoint(5, log.root(5), OTHER.name, OTHER))
        said = self.faulty(log, "--key", OTHER.vkey(), "--checkpoint", alien)
        self.assertEqual(fault(said), ("CHECKPOINT_ORIGIN", None))
        log.put("checkpoints/note.tmp", b"rubbish")
        log.put("checkpoints/007", b"rubbish")
        self.ok(log)

    def test_what_the_log_says_is_witnessed(self):
        log = self.log(9)
        log.put("witnessed", log.checkpoint(6, witnesses=[WITNESS]))
        said = self.ok(log, "--witness-key", WITNESS.vkey())
        self.assertEqual((said["covered"], said["witnessed"]["size"], said["checked"]["checkpoints"]), (6, 6, 2))
        self.assertEqual(said["unwitnessed"], {"entries": 3, "since": made.instant(6)})
        # Without the witness's key it is the log's own word.
        said = self.ok(log)
        self.assertEqual((said["covered"], said["witnessed"], said["truncation"]), (0, None, "undetectable"))
        # As the log keeps them: the first of an hour, and the newest.
        log.put("checkpoints/4", log.checkpoint(4, witnesses=[WITNESS]))
        log.put("checkpoints/6", log.checkpoint(6, witnesses=[WITNESS]))
        said = self.ok(log, "--witness-key", WITNESS.vkey())
        self.assertEqual((said["covered"], said["checked"]["checkpoints"]), (6, 4))

    def test_two_given_checkpoints_contradict_each_other(self):
        log = self.log(9)
        one, other = self.file(made.checkpoint(50, bytes(32))), self.file(made.checkpoint(50, b"1" * 32))
        self.assertEqual(fault(self.faulty(log, "--checkpoint", one)), ("TRUNCATED", 9))
        said = self.faulty(log, "--checkpoint", one, "--checkpoint", other)
        self.assertEqual(fault(said), ("FORK", None))
        good = self.file(log.checkpoint(9))
        said = self.faulty(log, "--checkpoint", one, "--checkpoint", other, "--checkpoint", good)
        self.assertEqual(fault(said), ("FORK", 9))
        self.assertEqual(said["truncation"], "found")

    def test_the_order_of_the_steps(self):
        """Everything is wrong at once; mended step by step, the next one is told."""
        log = self.log(600, kept=[300])
        right = {name: log.get(name) for name in ("checkpoint", "tile/1/000.p/2", "tile/entries/000")}
        log.put("checkpoint", spoilt(right["checkpoint"]))
        log.put("tile/1/000.p/2", bytes(64))
        log.put("tile/entries/000", right["tile/entries/000"][:-1])
        log.put("checkpoints/20", made.checkpoint(20, bytes(32)))
        receipt = self.file(log.receipt(5, leafHash="00" * 32))
        ask = lambda: fault(self.faulty(log, "--receipt", receipt, "--deep"))  # noqa: E731
        self.assertEqual(ask(), ("CHECKPOINT_SIGNATURE", None))
        log.put("checkpoint", right["checkpoint"])
        self.assertEqual(ask(), ("ENTRY_MALFORMED", 255))
        log.put("tile/entries/000", right["tile/entries/000"])
        self.assertEqual(ask(), ("TILE_WRONG", 0))
        log.put("tile/1/000.p/2", right["tile/1/000.p/2"])
        log.put("checkpoint", made.checkpoint(600, bytes(32)))
        self.assertEqual(ask(), ("ROOT_MISMATCH", 300))
        log.put("checkpoint", right["checkpoint"])
        self.assertEqual(ask(), ("FORK", None))
        os.remove(log.at("checkpoints/20"))
        self.assertEqual(ask(), ("RECEIPT_MISMATCH", 5))


class Receipts(Case):
    def test_the_forms_of_a_receipt(self):
        log = self.log(3)
        leaf, zero = log.leaves[1], log.leaves[0]
        plain = {"origin": made.ORIGIN, "index": 1, "leafHash": base64.b64encode(leaf).decode()}
        for receipt in (
            plain,
            {**plain, "index": "1", "time": "2026-11-01T00:00:01Z", "commitmentKey": "AA=="},
            {**plain, "leafHash": leaf.hex()},
            {**plain, "leafHash": leaf.hex().upper()},
            {"origin": made.ORIGIN, "leafHash": zero.hex()},
            [plain, plain],
            [],
        ):
            with self.subTest(receipt):
                said = self.ok(log, "--receipt", self.file(json.dumps(receipt)))
                count = len(receipt) if isinstance(receipt, list) else 1
                self.assertEqual((said["evidence"]["receipts"], said["checked"]["receipts"]), (count, count))

    def test_faults(self):
        log = self.log(3)
        wrong = log.receipt(1, leafHash=bytes(32).hex())
        for receipts, code, index in (
            ([wrong], "RECEIPT_MISMATCH", 1),
            ([log.receipt(1, index="2")], "RECEIPT_MISMATCH", 2),
            ([log.receipt(1, index="3")], "TRUNCATED", 3),
            ([log.receipt(1, index=(1 << 63) - 2)], "TRUNCATED", 3),
            ([log.receipt(1, origin="elsewhere")], "RECEIPT_ORIGIN", None),
            ([log.receipt(1, index="7"), log.receipt(2, leafHash="11" * 32), wrong], "RECEIPT_MISMATCH", 1),
        ):
            with self.subTest(receipts):
                self.assertEqual(fault(self.faulty(log, "--receipt", self.file(f"[{','.join(receipts)}]"))), (code, index))


class Unreadable(Case):
    def test_what_cannot_be_read(self):
        log = self.log(3)
        good = log.receipt(0)
        named = made.Signer(made.ORIGIN)
        wrong_id = named.vkey().replace("+" + named.id.hex(), "+00000000")
        for what, arguments, more in (
            ("no folder", [], {"log": self.folder("nowhere")}),
            ("no server", [], {"log": "http://127.0.0.1:9/log"}),
            ("no address", [], {"log": "http://[/"}),
            ("key", [], {"key": "nonsense"}),
            ("key of another id", [], {"key": wrong_id}),
            ("witness key for a log key", [], {"key": WITNESS}),
            ("log key for a witness key", ["--witness-key", LOG.vkey()], {}),
            ("empty key file", [], {"key": self.file("# none\n")}),
            ("key file with rubbish", [], {"key": self.file(LOG.vkey() + "\nrubbish\n")}),
            ("binary key file", [], {"key": self.file(b"\xff\xfe")}),
            ("no receipt", ["--receipt", self.folder("nowhere")], {}),
            ("a folder", ["--receipt", self.held], {}),
            ("receipt: not JSON", ["--receipt", self.file("{")], {}),
            ("receipt: number", ["--receipt", self.file("1")], {}),
            ("receipt: in a list", ["--receipt", self.file(f"[{good}, 1]")], {}),
            ("receipt: empty", ["--receipt", self.file("{}")], {}),
            ("receipt: url-safe", ["--receipt", self.file(log.receipt(0, leafHash="_" * 43 + "="))], {}),
            ("receipt: unpadded", ["--receipt", self.file(log.receipt(0, leafHash="A" * 43))], {}),
            ("receipt: null", ["--receipt", self.file(log.receipt(0, index=None))], {}),
            ("receipt: minus zero", ["--receipt", self.file(log.receipt(0).replace('"0"', "-0"))], {}),
            ("receipt: no text", ["--receipt", self.file(log.receipt(0, x="\ud800"))], {}),
            ("receipt: a number too large", ["--receipt", self.file(log.receipt(0).replace('"0"', '0,"x":1e999'))], {}),
            ("receipt: index", ["--receipt", self.file(log.receipt(0, index="-1"))], {}),
            ("receipt: fraction", ["--receipt", self.file(log.receipt(0, index=1.5))], {}),
            ("receipt: large", ["--receipt", self.file(log.receipt(0, index=(1 << 63) - 1))], {}),
            ("receipt: hash", ["--receipt", self.file(log.receipt(0, leafHash="AAAA"))], {}),
            ("receipt: deep", ["--receipt", self.file("[" * 100000)], {}),
            ("checkpoint", ["--checkpoint", self.file("rubbish")], {}),
            ("checkpoint: body", ["--checkpoint", self.file(made.note("a\n", LOG.line("a\n")))], {}),
            ("lone surrogate", ["--checkpoint", "\udcff", "--witness-key", "\udcff+00000000+AAAA"], {}),
        ):
            with self.subTest(what):
                self.unreadable(more.pop("log", log), *arguments, **more)
        os.remove(log.at("checkpoint"))
        self.unreadable(log)
        os.mkdir(log.at("checkpoint"))
        self.unreadable(log)
        code, text = self.run_verifier(log, json_wanted=False)
        self.assertEqual((code, text.count("\n")), (2, 1))


class Served(http.server.SimpleHTTPRequestHandler):
    """The folder over HTTP; `broken` paths answer as told."""

    folder, broken, packed = "", {}, False

    def translate_path(self, path):
        return os.path.join(self.folder, *path.removeprefix("/log/").split("/"))

    def do_GET(self):
        how = self.broken.get(self.path.removeprefix("/log/"))
        if how in (404, 500, 403):
            return self.send_error(how)
        if not os.path.isfile(self.translate_path(self.path)):
            return self.send_error(404)
        with open(self.translate_path(self.path), "rb") as file:
            data = file.read()
        data = gzip.compress(data) if self.packed else data
        self.send_response(200)
        if self.packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:-3] if how == "cut" else data)

    def log_message(self, *_):
        pass


class ByAddress(Case):
    def test_a_log_on_a_server(self):
        log = Made(self.folder("log"), [entry(i) for i in range(300)]).write(kept=[4])
        handler = type("Handler", (Served,), {"folder": log.folder})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/log"
        said = self.ok(url + "/", "--deep")
        # Nothing can be listed: the kept checkpoint is not seen.
        self.assertEqual((said["checked"]["entries"], said["checked"]["checkpoints"]), (300, 1))
        # What is witnessed has a name of its own.
        log.put("witnessed", log.checkpoint(200, witnesses=[WITNESS]))
        said = self.ok(url, "--witness-key", WITNESS.vkey())
        self.assertEqual((said["covered"], said["checked"]["checkpoints"]), (200, 2))
        os.remove(log.at("witnessed"))
        # Nobody asks the gateway's verifier to unpack: it takes what comes for the file.
        handler.packed = True
        self.ok(url, "--checkpoint", log.at("checkpoints/4"), alone=True)
        for packed in (False, True):
            handler.packed = packed
            for path, how, code in (
                ("checkpoint", 404, None),
                ("checkpoint", 500, None),
                ("tile/entries/000", 404, ("ENTRY_MISSING", 0)),
                ("tile/entries/001.p/44", 404, ("ENTRY_MISSING", 256)),
                ("tile/entries/000", 403, None),
                ("tile/entries/000", "cut", None),
                ("tile/0/001.p/44", 404, ("TILE_MISSING", 256)),
                ("tile/1/000.p/1", 404, ("TILE_MISSING", 0)),
                ("tile/1/000.p/1", 500, None),
            ):
                with self.subTest(path=path, how=how, packed=packed):
                    handler.broken = {path: how}
                    if code:
                        self.assertEqual(fault(self.faulty(url, alone=packed)), code)
                    else:
                        self.unreadable(url, alone=packed)
