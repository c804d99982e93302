#!/usr/bin/env python3
"""Verifies a Motlan audit log offline: a second reader of the published formats, written from the
specifications and not from the gateway's code.

    verify.py --log DIR|URL --key FILE|VKEY [--key ...] [--witness-key FILE|VKEY ...]
              [--checkpoint FILE ...] [--receipt FILE ...] [--deep] [--json]

Exit code 0: nothing wrong in the evidence given. 1: a fault. 2: something cannot be read."""

import argparse
import datetime
import json
import sys
from base64 import b64encode

import notes
import store
from audit import Audit, Evidence, Report
from outcome import Fault, Unreadable, shown
from receipts import load_receipts

EXIT = {"ok": 0, "fault": 1, "unreadable": 2}


def main(arguments=None, out=None):
    options = _options(arguments)
    if out is None:
        out = sys.stdout
        out.reconfigure(encoding="utf-8", errors="backslashreplace")
    evidence = None
    try:
        evidence = _load(options)
        report = Audit(store.open_store(options.log), evidence, options.deep).run()
        verdict = "fault" if report.fault else "ok"
    except Unreadable as error:
        evidence = Evidence([])
        report, verdict = Report(fault=Fault("UNREADABLE", None, str(error))), "unreadable"
    text = to_json(verdict, report, evidence, options.deep) if options.json else to_table(verdict, report, evidence)
    print(text, file=out)
    return EXIT[verdict]


def _options(arguments):
    parser = argparse.ArgumentParser(prog="verify.py", description="Verifies a Motlan audit log offline.")
    parser.add_argument("--log", required=True, metavar="DIR|URL", help="the log's folder or address")
    parser.add_argument("--key", required=True, action="append", metavar="FILE|VKEY", help="a key of the log")
    parser.add_argument("--witness-key", default=[], action="append", metavar="FILE|VKEY", help="a key of a witness")
    parser.add_argument("--checkpoint", default=[], action="append", metavar="FILE", help="one kept outside the log")
    parser.add_argument("--receipt", default=[], action="append", metavar="FILE", help="one, or a list of them")
    parser.add_argument("--deep", action="store_true", help="also read what the entries say")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    return parser.parse_args(arguments)


def _load(options):
    """All evidence before any check: a verdict over half of what was given would mislead."""
    given = []
    for path in options.checkpoint:
        data = store.read_file(path, notes.MOST_BYTES)
        try:
            notes.parse_body(notes.split_note(data)[0])
        except notes.Malformed as error:
            raise Unreadable(f"the checkpoint {shown(path)} cannot be read: {error}") from None
        given.append((path, data))
    return Evidence(
        log_keys=notes.load_keys(options.key, notes.LOG_KEY, store.read_file),
        witness_keys=notes.load_keys(options.witness_key, notes.WITNESS_KEY, store.read_file),
        checkpoints=given,
        receipts=[receipt for path in options.receipt for receipt in load_receipts(path)],
    )


# === what is printed ===


def _truncation(report):
    if report.longer:
        return "found"
    return "none_below_covered" if report.covered else "undetectable"


LAST_SECOND = 253402207200  # 9999-12-30T22:00:00Z: later ones are in some time zone of another year


def _rfc3339(seconds):
    if seconds > LAST_SECOND:
        return None
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return time.isoformat() + "Z"


def to_json(verdict, report, evidence, deep):
    checkpoint, fault = report.checkpoint, report.fault
    size = checkpoint.size if checkpoint else 0
    seen = report.witnessed()
    return json.dumps(
        {
            "verdict": verdict,
            "origin": checkpoint.origin if checkpoint else None,
            "size": size,
            "root": b64encode(checkpoint.root).decode() if checkpoint else None,
            "keys": checkpoint and {
                "reached": [str(key) for key in report.reached],
                "signed": sorted({str(key) for key in checkpoint.signers}),
            },
            "evidence": {
                "checkpoints": len(evidence.checkpoints),
                "receipts": len(evidence.receipts),
                "witness_keys": len(evidence.witness_keys),
            },
            "covered": report.covered,
            "truncation": _truncation(report),
            "witnessed": seen and {"size": seen[0], "time": _rfc3339(seen[1]), "witnesses": seen[2]},
            "unwitnessed": {"entries": max(0, size - (seen[0] if seen else 0)), "since": report.since},
            "checked": {
                "entries": report.entries,
                "tiles": report.tiles,
                "checkpoints": report.checkpoints,
                "receipts": report.receipts,
                "deep": deep,
            },
            "fault": fault and {"code": fault.code, "index": fault.index, "detail": fault.detail},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def to_table(verdict, report, evidence):
    if verdict == "unreadable":
        return f"result      cannot be verified: {report.fault.detail}"
    rows = []
    if report.checkpoint:
        rows.append(("log", f"{shown(report.checkpoint.origin)}, {report.checkpoint.size} entries"))
    if report.reached:
        rows.append(("keys", f"{_count(len(report.reached), 'key')} signed in by earlier ones"))
    rows.append(("evidence", f"{_count(len(evidence.checkpoints), 'checkpoint')}, {_count(len(evidence.receipts), 'receipt')}, "
                             f"{_count(len(evidence.witness_keys), 'witness key')} from outside"))
    rows.append(("truncation", _about_truncation(report)))
    rows.append(("witnesses", _about_witnesses(report, evidence)))
    rows.append(("checked", f"{_count(report.entries, 'entry', 'entries')}, {_count(report.tiles, 'tile')}, "
                            f"{_count(report.checkpoints, 'checkpoint')}, {_count(report.receipts, 'receipt')}"))
    if report.fault:
        at = "" if report.fault.index is None else f", from entry {report.fault.index}"
        rows.append(("result", f"FAULT {report.fault.code}{at}: {report.fault.detail}"))
    else:
        rows.append(("result", "nothing wrong in the evidence given"))
    return "\n".join(f"{name:<12}{text}" for name, text in rows)


def _count(number, one, many=None):
    return f"{number} {one if number == 1 else many or one + 's'}"


def _about_truncation(report):
    kind = _truncation(report)
    if kind == "found":
        return "FOUND: the log was longer than it is shown"
    if kind == "undetectable":
        return "truncation is UNDETECTABLE: nothing from outside says how long the log was"
    return f"none among the first {report.covered} entries; what came after them nothing outside vouches for"


def _about_witnesses(report, evidence):
    seen = report.witnessed()
    size = report.checkpoint.size if report.checkpoint else 0
    if seen is None:
        return "none of those given has signed" if evidence.witness_keys else "no key of one was given"
    tail = max(0, size - seen[0])
    since = f" since {report.since}" if tail and report.since else ""
    return (f"{', '.join(map(shown, seen[2]))} signed {seen[0]} entries at {_rfc3339(seen[1])}; "
            f"{_count(tail, 'entry', 'entries')} unwitnessed{since}")


if __name__ == "__main__":
    sys.exit(main())
