"""Signed notes, checkpoints and cosignatures, from the C2SP specifications signed-note,
tlog-checkpoint and tlog-cosignature (version 1, Ed25519)."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from outcome import Found, Unreadable, shown

LOG_KEY = 0x01
WITNESS_KEY = 0x04
MOST_BYTES = 256 * 1024  # of a note
MOST_SIGNATURES = 64
LATEST = (1 << 63) - 1  # of a cosignature, as its specification bounds it


@dataclass(frozen=True)
class Key:
    """A verifier key. Name and id together say which signature lines are its own."""

    name: str
    id: bytes
    kind: int
    public: bytes

    def __str__(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def verifies(self, signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose signatures were checked. `witnesses`: (name, time in POSIX seconds) of
    every cosignature by a witness that was named to us."""

    origin: str
    size: int
    root: bytes
    witnesses: list = field(default_factory=list)
    signers: tuple = ()  # the log's keys that signed it


class Malformed(Exception):
    """These bytes are no signed note, or no checkpoint; the message says why."""


def strict_base64(text):
    """RFC 4648 section 4, in the one spelling there is for these bytes, or `None`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def _good_name(name):
    # An argument that was no UTF-8 comes with lone surrogates.
    return name != "" and not re.search("[\ud800-\udfff]", name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


# === verifier keys ===


def parse_key(text, kind):
    """`name+id+base64(type || public key)`; `kind` is the only type accepted."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _good_name(parts[0]):
        raise Malformed("it is not of the form name+id+key")
    name, hexadecimal, encoded = parts
    material = strict_base64(encoded)
    if not re.fullmatch(r"[0-9a-f]{8}", hexadecimal) or material is None:
        raise Malformed("it is not of the form name+id+key")
    if len(material) != 33 or material[0] != kind:
        raise Malformed(f"it is not an Ed25519 key of type {kind:#04x}")
    computed = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
    if computed != bytes.fromhex(hexadecimal):
        raise Malformed("its id does not belong to it")
    return Key(name, computed, kind, material[1:])


def load_keys(arguments, kind, read_file):
    """The keys an argument names: itself a key, or a file with one per line. Each once."""
    keys = {}
    for argument in arguments:
        try:
            found = [parse_key(argument, kind)]
        except Malformed:
            found = _keys_of_file(argument, kind, read_file)
        keys.update({(key.name, key.id, key.public): key for key in found})
    return list(keys.values())


def _keys_of_file(path, kind, read_file):
    try:
        lines = read_file(path).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Unreadable(f"the key file {shown(path)} is not text") from None
    lines = [line.strip() for line in lines]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise Unreadable(f"the key file {shown(path)} holds no key")
    try:
        return [parse_key(line, kind) for line in lines]
    except Malformed as error:
        raise Unreadable(f"a key in {shown(path)} cannot be read: {error}") from None


# === notes and checkpoints ===


def split_note(data):
    """The note's text, and its signature lines as (name, key id, signature)."""
    if len(data) > MOST_BYTES:
        raise Malformed("it is longer than a note may be")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    if any(c < " " and c != "\n" for c in note):
        raise Malformed("it has a control character")
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise Malformed("it has no signature lines")
    lines = rest[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Malformed("it has more signatures than a note may have")
    return text + "\n", [_signature_line(line) for line in lines]


def _signature_line(line):
    parts = line.split(" ")
    data = strict_base64(parts[2]) if len(parts) == 3 and parts[0] == "—" else None
    if data is None or len(data) < 5 or not _good_name(parts[1]):
        raise Malformed("a signature line is malformed")
    return parts[1], data[:4], data[4:]


def parse_body(text):
    """Origin, size and root of a checkpoint's text; extension lines carry no meaning here."""
    lines = text[:-1].split("\n")
    if len(lines) < 3 or "" in lines:
        raise Malformed("it is not a checkpoint")
    origin, size, root = lines[0], lines[1], strict_base64(lines[2])
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size) or int(size) >= 1 << 63:
        raise Malformed("the size is not a number")
    if root is None or len(root) != 32:
        raise Malformed("the root is not a hash")
    return origin, int(size), root


def open_checkpoint(data, log_keys, witness_keys, what, origin=None):
    """Checks a checkpoint's signatures. `origin`: the log it must be of, where that is known."""
    try:
        text, lines = split_note(data)
    except Malformed as error:
        raise Found("CHECKPOINT_SIGNATURE", None, f"{what} is not a signed note: {error}") from None
    message = text.encode()
    signers = _signers(lines, message, log_keys, what)
    names = [key.name for key in signers]
    try:
        named, size, root = parse_body(text)
    except Malformed as error:
        raise Found("CHECKPOINT_SIGNATURE", None, f"{what} is signed, but {error}") from None
    if named not in names:
        raise Found("CHECKPOINT_ORIGIN", None, f"{what} is of {shown(named)}, the key that signed it is of {shown(names[0])}")
    if origin is not None and named != origin:
        raise Found("CHECKPOINT_ORIGIN", None, f"{what} is of {shown(named)}, the log is {shown(origin)}")
    return Checkpoint(named, size, root, _cosigners(lines, message, witness_keys, what), tuple(signers))


def _signers(lines, message, log_keys, what):
    """The log keys that signed. A bad line by a known key spoils the note."""
    signers = []
    for name, identity, signature in lines:
        for key in log_keys:
            if (key.name, key.id) != (name, identity):
                continue
            if not key.verifies(signature, message):
                raise Found("CHECKPOINT_SIGNATURE", None, f"the signature of {shown(name)} on {what} is wrong")
            signers.append(key)
    if not signers:
        raise Found("CHECKPOINT_SIGNATURE", None, f"{what} is not signed by the log")
    return signers


def _cosigners(lines, message, witness_keys, what):
    witnesses = []
    for name, identity, signature in lines:
        for key in witness_keys:
            if (key.name, key.id) != (name, identity):
                continue
            time = int.from_bytes(signature[:8], "big")
            signed = b"cosignature/v1\ntime %d\n" % time + message
            if len(signature) != 72 or time > LATEST or not key.verifies(signature[8:], signed):
                raise Found("COSIGNATURE_BAD", None, f"the cosignature of {shown(name)} on {what} is wrong")
            witnesses.append((name, time))
    return witnesses
