"""How a check ends early: with a fault that was found, or with something that cannot be read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the log; `index` is the first entry concerned, if one is."""

    code: str
    index: int | None
    detail: str


class Found(Exception):
    """The log contradicts itself or the evidence: exit code 1."""

    def __init__(self, code, index, detail):
        super().__init__(detail)
        self.fault = Fault(code, index, detail)

    @classmethod
    def again(cls, fault):
        return cls(fault.code, fault.index, fault.detail)


class Unreadable(Exception):
    """The log, a key or a piece of evidence cannot be read: exit code 2, nothing is said about the log."""


def smallest(faults):
    """The fault to report among those of one step: one without an index concerns the whole log and goes first."""
    return min(faults, key=lambda fault: -1 if fault.index is None else fault.index)


def shown(text):
    """Text from a stranger, for a terminal: what is not printable ASCII is escaped, and it is not long."""
    text = text if isinstance(text, str) else repr(text)
    text = text.encode("ascii", "backslashreplace").decode("ascii")
    text = "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in text)
    return text if len(text) <= 120 else text[:117] + "..."
