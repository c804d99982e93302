"""The two verifiers of the audit log side by side: this one and the gateway's own
(`motlan audit verify`). They share no code; on the same folder, keys and evidence they must say
the same. The sentence for people is each one's own."""

import io
import json
import os
import subprocess

import verify

HERE = os.path.dirname(os.path.abspath(__file__))


def program():
    """The gateway's program. That it is not there is an error: to pass over it would be to agree
    with nobody."""
    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    path = os.environ.get("MOTLAN") or os.path.join(HERE, "..", "..", target, "debug", "motlan")
    if not os.path.isfile(path):
        raise SystemExit(f"{path} is missing: build it with `cargo build --bin motlan`, or name it in MOTLAN")
    return os.path.abspath(path)


def by_python(arguments):
    out = io.StringIO()
    code = verify.main([*arguments, "--json"], out)
    return code, json.loads(out.getvalue())


def by_gateway(arguments):
    ran = subprocess.run([program(), "audit", "verify", *arguments, "--json"], capture_output=True, timeout=120)
    if ran.returncode == 2 and not ran.stdout and b"invalid UTF-8" in ran.stderr:
        # An argument that is no text is refused before there is anything to report on.
        return 2, None
    return ran.returncode, json.loads(ran.stdout)


def differences(one, other):
    """In what two reports, each with its exit code, do not agree."""
    (code, said), (other_code, other_said) = one, other
    found = [] if code == other_code else [("exit code", code, other_code)]
    if other_said is None:
        return found
    return found + [(key, mine, theirs) for key, mine, theirs in _compared(said, other_said) if mine != theirs]


def _compared(said, other):
    if list(said) != list(other):
        yield "keys", list(said), list(other)
    for key in said:
        if key == "fault":
            yield key, *(part and {**part, "detail": ""} for part in (said[key], other[key]))
        elif key != "checked" or said["verdict"] == "ok":
            # How far each had come where it stopped is its own affair.
            yield key, said[key], other.get(key)


def both(arguments):
    """What both say of it."""
    said = by_python(arguments)
    different = differences(said, by_gateway(arguments))
    if different:
        lines = [f"{key}: Python says {mine!r}, the gateway {theirs!r}" for key, mine, theirs in different]
        raise AssertionError("\n".join(["the verifiers disagree", " ".join(map(ascii, arguments)), *lines]))
    return said
