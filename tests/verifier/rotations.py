"""Statements that one key of a log follows another: a signed note of four lines (origin, `log key
rotation v1`, the old key, the new one), signed by both keys. Published as keys/1, keys/2, …, from
gateway/audit-tree/docs/entry.md."""

from dataclasses import dataclass

import notes
from outcome import Found

MOST = 1000  # of one log


@dataclass(frozen=True)
class Statement:
    old: notes.Key
    new: notes.Key

    @property
    def keys(self):
        return self.old, self.new


class Wrong(Exception):
    """These bytes are no statement; the message says why."""


def parse(data):
    try:
        text, lines = notes.split_note(data)
        parts = text[:-1].split("\n")
        if len(parts) != 4 or parts[1] != "log key rotation v1":
            raise notes.Malformed("it is not about keys")
        old, new = (notes.parse_key(part, notes.LOG_KEY) for part in parts[2:])
    except notes.Malformed as error:
        raise Wrong(f"is not one: {error}") from None
    if not parts[0] == old.name == new.name or old == new:
        raise Wrong("is not of two keys of one log")
    for key in (old, new):
        signatures = [signature for name, identity, signature in lines if (name, identity) == (key.name, key.id)]
        if not signatures or not all(key.verifies(signature, text.encode()) for signature in signatures):
            raise Wrong("is not signed by both its keys")
    return Statement(old, new)


def read(log, log_keys):
    """Every statement of a log, each of which goes on from the one before."""
    statements = []
    for number in range(1, MOST + 1):
        data = log.read(f"keys/{number}", notes.MOST_BYTES)
        if data is None:
            break
        try:
            statement = parse(data)
        except Wrong as error:
            raise Found("KEY_STATEMENT", None, f"the statement keys/{number} {error}") from None
        if statements and statement.old != statements[-1].new:
            raise Found("KEY_STATEMENT", None, f"the statement keys/{number} does not go on from the one before")
        if statement.old.name not in {key.name for key in log_keys}:
            raise Found("KEY_STATEMENT", None, f"the statement keys/{number} is of another log")
        statements.append(statement)
    return statements


def reached(statements, known):
    """The keys these ones lead to, forward only, without them."""
    known, found = list(known), []
    for statement in statements:
        if statement.old in known and statement.new not in known:
            known.append(statement.new)
            found.append(statement.new)
    return found
