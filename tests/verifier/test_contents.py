"""What is missing or malformed, and what --deep says of the entries."""

import os

import made
from cases import Case, fault
from made import Made, entry

PSEUDONYM = "s_" + "0a" * 16
SEALED = "A" * 43
FULL = {
    "trace": "0123456789abcdef" * 2,
    "caller": {"agency": "a", "certificate": "ab" * 32, "system": "s"},
    "actor": {"kind": "CITIZEN", "pseudonym": PSEUDONYM},
    "evidence": "ASSERTED",
    "operation": "get_person",
    "dataset": "population.person",
    "fields": {"asked": ["a", "b"], "disclosed": ["a"]},
    "purpose": {"dossier": "H01.2-3"},
    "procedure": "1.000",
    "case": "trường hợp \"1\"\\\t\u2028\x7f\x01 😀",
    "legal_basis": ["Điều 1"],
    "subjects": [{"class": "NATURAL", "pseudonym": PSEUDONYM, "role": "r", "sealed": SEALED}],
    "decision": {"effect": "PERMIT", "policies": ["p"], "policy_digest": "d", "catalogue_digest": "d"},
    "outcome": "MATCH",
    "assurance": "LOW",
    "reason": "R",
    "source": {"from": "CACHE", "registry": "r", "data_time": made.instant(0), "retrieved_at": made.instant(0), "fetched_by": 0},
    "upstream": ["id"],
    "commitment": {"mac": "cd" * 32, "seal": "SUBJECTS", "sealed_key": SEALED},
    "component": {"key": "k", "mode": "m", "outcome": "o", "prefilled": 1, "total": 2},
    "aggregate": {"reason": "r", "count": 3, "from": made.instant(0), "to": made.instant(1)},
    "loaded": {"what": "policies", "digest": "d"},
    "search": {"filters": [{"name": "n", "value": ""}], "count": 0},
    "created": {"pseudonym": PSEUDONYM, "commitment": "ef" * 32},
    "erased": {"pseudonym": PSEUDONYM},
    "begun": {"after": "a", "checkpoint": "c", "operator": "o", "reason": "r", "witnessed": "w"},
}


class Missing(Case):
    def test_bundles_and_tiles_that_are_not_there(self):
        for gone, code, index in (
            (["tile/entries/000"], "ENTRY_MISSING", 0),
            (["tile/entries/001"], "ENTRY_MISSING", 256),
            (["tile/entries/002.p/88"], "ENTRY_MISSING", 512),
            (["tile/entries/001", "tile/entries/002.p/88"], "ENTRY_MISSING", 256),
            (["tile/0/000"], "TILE_MISSING", 0),
            (["tile/0/002.p/88"], "TILE_MISSING", 512),
            (["tile/0/001", "tile/entries/001"], "ENTRY_MISSING", 256),
            (["tile/0/000", "tile/entries/001"], "TILE_MISSING", 0),
            (["tile/1/000.p/2"], "TILE_MISSING", 0),
        ):
            with self.subTest(gone):
                log = self.log(600)
                for name in gone:
                    os.remove(log.at(name))
                self.assertEqual(fault(self.faulty(log)), (code, index))
                # A folder, or a narrower tile, is not the tile.
                for name in gone:
                    os.makedirs(log.at(name))
                    log.put(name.split(".")[0] + ".p/1", b"")
                self.assertEqual(fault(self.faulty(log)), (code, index))

    def test_tiles_of_another_length(self):
        for name, index in (("tile/0/001", 256), ("tile/0/002.p/88", 512), ("tile/1/000.p/2", 0)):
            log = self.log(600)
            right = log.get(name)
            for data in (b"", right[:-1], right[:-32], right + b"x", right + bytes(32)):
                with self.subTest(name=name, length=len(data)):
                    log.put(name, data)
                    self.assertEqual(fault(self.faulty(log)), ("TILE_WRONG", index))

    def test_bundles_that_do_not_decode(self):
        log = self.log(300)
        one = made.bundle(log.entries[:256])
        last = log.entries[256:]
        for name, data, code, index in (
            ("000", b"", "ENTRY_MALFORMED", 0),
            ("000", b"\x00", "ENTRY_MALFORMED", 0),
            ("000", one[:-1], "ENTRY_MALFORMED", 255),
            ("000", one + b"\x00", "ENTRY_MALFORMED", 256),
            ("000", one + made.bundle(last[:1]), "ENTRY_MALFORMED", 256),
            ("000", made.bundle(log.entries[:255]), "ENTRY_MALFORMED", 255),
            ("000", made.bundle(log.entries[:9] + log.entries[10:256]), "ENTRY_INDEX", 9),
            ("001.p/44", made.bundle(last[:20]), "ENTRY_MALFORMED", 276),
            ("001.p/44", made.bundle(last[:20]) + b"\xff", "ENTRY_MALFORMED", 276),
            ("001.p/44", made.bundle(last[:1] + last[2:] + last[:1]), "ENTRY_INDEX", 257),
        ):
            with self.subTest(name=name, length=len(data)):
                path = f"tile/entries/{name}"
                right = log.get(path)
                log.put(path, data)
                self.assertEqual(fault(self.faulty(log)), (code, index))
                log.put(path, right)
        self.ok(log)

    def test_what_is_said_of_an_entry_that_was_changed(self):
        for data, code in (
            (b"", "ENTRY_MALFORMED"),
            (b"[]", "ENTRY_MALFORMED"),
            (b"{", "ENTRY_MALFORMED"),
            (b"\xef\xbb\xbf{}", "ENTRY_MALFORMED"),
            (b'{"index":1,"a":"\xff"}', "ENTRY_MALFORMED"),
            (b'{"index":1,"a":NaN}', "ENTRY_MALFORMED"),
            (b'{"a":' * 20000, "ENTRY_MALFORMED"),
            (b'{"index":1,"a":' + b"[" * 127 + b"]" * 127 + b"}", "ENTRY_CHANGED"),
            (b'{"index":1,"a":' + b"[" * 128 + b"]" * 128 + b"}", "ENTRY_MALFORMED"),
            (b'{"index":-1}', "ENTRY_INDEX"),
            (b'{"index":-0}', "ENTRY_INDEX"),
            (b'{"index":01}', "ENTRY_MALFORMED"),
            (b'{"index":0,"index":1}', "ENTRY_CHANGED"),
            (b'{"inde\\u0078":1}', "ENTRY_CHANGED"),
            (b'{"index":1,"a":"\\ud800"}', "ENTRY_CHANGED"),
            (b'{"index":1,"a":' + b"9" * 5000 + b"}", "ENTRY_CHANGED"),
            (b"{}", "ENTRY_INDEX"),
            (b'{"index":"1"}', "ENTRY_INDEX"),
            (b'{"index":true}', "ENTRY_INDEX"),
            (b'{"index":1.0}', "ENTRY_INDEX"),
            (b'{"index":2}', "ENTRY_INDEX"),
            (b'{"index":1}', "ENTRY_CHANGED"),
            (b' {"x":[1e5], "index":1 }', "ENTRY_CHANGED"),
        ):
            with self.subTest(data[:30]):
                log = self.log(3)
                log.entries[1] = data[:65535]
                log.write_bundle(0)
                # Only one that names another place says more than that it was changed.
                other_place = data == b'{"index":2}'
                self.assertEqual(fault(self.faulty(log)), ("ENTRY_INDEX" if other_place else "ENTRY_CHANGED", 1))
                # The log itself may have hashed and signed it: its key makes it no better.
                again = Made(log.folder, log.entries).write()
                if code == "ENTRY_CHANGED":
                    self.ok(again)
                else:
                    self.assertEqual(fault(self.faulty(again)), (code, 1))


class Deep(Case):
    def check(self, entries, code=None, index=None):
        log = Made(self.folder("log"), entries).write()
        self.ok(log)
        if code is None:
            self.ok(log, "--deep")
        else:
            self.assertEqual(fault(self.faulty(log, "--deep")), (code, index))

    def test_every_key_of_the_format(self):
        self.check([entry(0, **FULL), entry(1, purpose={"registered": "p"})])

    def test_what_each_key_refuses(self):
        wrong = {
            "trace": [1, ["a"]],
            "caller": ["x", {"agency": 1}, {"extra": "x"}],
            "actor": [{"kind": "NOBODY"}, {"pseudonym": "s_1"}, {}],
            "evidence": ["GUESSED", 1],
            "operation": [1, ["a"]],
            "fields": [{"asked": "a"}, {"asked": [1]}],
            "purpose": [{"other": "x"}, {"dossier": "a", "registered": "b"}, {}, {"dossier": None}],
            "legal_basis": ["x", [1]],
            "subjects": [{}.fromkeys("a"), [{"class": "LEGAL"}], [{"sealed": "!"}], [1]],
            "decision": [{"effect": "MAYBE"}, {"policies": "p"}],
            "outcome": ["FINE"],
            "assurance": [1],
            "source": [{"from": "MEMORY"}, {"data_time": "2026-11-01"}, {"fetched_by": "0"}],
            "commitment": [{"mac": "x"}, {"seal": "NONE"}, {"sealed_key": "="}],
            "intent": ["0", -1, 1 << 53, True, 0.5],
            "component": [{"total": "2"}, {"key": "k", "outcome": "o", "prefilled": 0, "total": 1 << 32}],
            "aggregate": [{"count": -1}, {"from": "then"}],
            "search": [{"filters": [{"name": 1}]}, {"count": "0"}],
            "created": [{"commitment": "x"}],
            "not_released": [{"first": 0}, {"first": 0, "last": "0"}, {"first": 0, "last": 0}],
            "kind": ["access", 1],
            "v": [2, "1", True],
            "time": ["2026-11-01T00:00:01Z", "2026-13-01T00:00:01.000000Z", "2026-11-01T00:00:01.000000+00:00", 1],
            "origin": [1],
            "unknown": ["x", None],
        }
        for key, values in wrong.items():
            for value in values:
                with self.subTest(key=key, value=value):
                    self.check([entry(0), entry(1, **{key: value}), b'{"index":2}'], "ENTRY_MALFORMED", 1)
        for key in ("v", "origin", "time", "kind"):
            with self.subTest(absent=key):
                self.check([entry(0), entry(1, **{key: ...})], "ENTRY_MALFORMED", 1)

    def test_canonical_form(self):
        right = entry(0, case="é\n")
        self.check([right])
        for data in (
            b" " + right,
            right + b"\n",
            right.replace(b",", b", "),
            right.replace("é".encode(), b"\\u00e9"),
            right.replace(b"\\n", b"\\u000a"),
            right.replace(b'"v":1', b'"upstream":[],"v":1'),
            right.replace(b'"v":1', b'"reason":null,"v":1').replace(b'"reason":null,"time"', b'"time"'),
            b'{"v":1,' + right[1:].replace(b',"v":1', b""),
            entry(0, fields={"asked": ["a"], "disclosed": []}),
        ):
            with self.subTest(data):
                self.check([data, entry(1)], "ENTRY_NOT_CANONICAL", 0)
        for data in (
            right.replace(b'"v":1', b'"v":1,"v":1'),
            right.replace("é".encode(), b"\\ud800"),
            right.replace(b'"v":1', b'"v":1.0'),
            right.replace(b'"v":1', b'"v":1e0'),
            right.replace(b'"v":1', b'"source":{},"v":1'),
            right.replace(b'"kind":"log.read"', b'"kind":null'),
            right.replace(b'"v":1', b'"upstream":null,"v":1'),
        ):
            with self.subTest(data):
                self.check([data, entry(1)], "ENTRY_MALFORMED", 0)

    def test_along_the_log(self):
        intent = entry(1, kind="access.intent")
        for last, code in (
            (entry(2, kind="access.outcome", intent=1), None),
            (entry(2, kind="access.outcome", intent=0), "INTENT_UNKNOWN"),
            (entry(2, kind="access.intent", intent=2), "INTENT_UNKNOWN"),
            (entry(2, kind="access.outcome", intent=3), "INTENT_UNKNOWN"),
            (entry(2, time=made.instant(1)), None),
            (entry(2, time=made.instant(0)), "TIME_BACKWARDS"),
            (entry(2, origin="elsewhere"), "ENTRY_ORIGIN"),
            (entry(2, kind="entry.not_released", not_released={"first": 0, "last": 1, "cause": "c"}), None),
            (entry(2, kind="entry.not_released", not_released={"first": 0, "last": 2, "cause": "c"}), "NOT_RELEASED_RANGE"),
            (entry(2, kind="entry.not_released", not_released={"first": 1, "last": 0, "cause": "c"}), "NOT_RELEASED_RANGE"),
            # Several at once, in the order in which they are looked for.
            (entry(2, origin="elsewhere", time=made.instant(0), intent=0), "ENTRY_ORIGIN"),
            (entry(2, time=made.instant(0), intent=0), "TIME_BACKWARDS"),
            (b" " + entry(2, origin="elsewhere"), "ENTRY_NOT_CANONICAL"),
        ):
            with self.subTest(last):
                self.check([entry(0), intent, last], code, code and 2)
        self.check([entry(0, time=made.instant(9)), entry(1), entry(2, origin="x")], "TIME_BACKWARDS", 1)
