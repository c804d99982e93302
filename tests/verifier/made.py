"""Makes small logs for the tests: entries, tiles, bundles, checkpoints, cosignatures, receipts.

Its tree is the recursive definition of RFC 6962, section 2.1, so that it shares no reading of the
specification with the verifier's."""

import base64
import functools
import hashlib
import json
import os
import shutil

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "log.example.vn/motlan"
DAY = 1_795_000_000  # 2026-11-18T11:06:40Z


class Signer:
    """A key from a seed; `kind` 1 signs notes, 4 cosigns checkpoints."""

    def __init__(self, name, kind=1, seed=None):
        self.name, self.kind = name, kind
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256((seed or name).encode()).digest())
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.material = bytes([kind]) + public
        self.id = hashlib.sha256(name.encode() + b"\n" + self.material).digest()[:4]

    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.material).decode()}"

    def line(self, text, time=DAY):
        if self.kind == 4:
            signed = f"cosignature/v1\ntime {time}\n{text}".encode()
            signature = time.to_bytes(8, "big") + self.key.sign(signed)
        else:
            signature = self.key.sign(text.encode())
        return f"— {self.name} {base64.b64encode(self.id + signature).decode()}\n"


LOG = Signer(ORIGIN)
WITNESS = Signer("witness.example.vn/one", 4)
SECOND = Signer("witness.example.vn/two", 4)


def note(text, *lines):
    return (text + "\n" + "".join(lines)).encode()


def checkpoint(size, root, origin=ORIGIN, signer=LOG, witnesses=(), extra=""):
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n{extra}"
    return note(text, signer.line(text), *(witness.line(text) for witness in witnesses))


# === entries ===


def instant(index):
    minutes, seconds = divmod(index, 60)
    days, hours = divmod(minutes // 60, 24)
    return f"2026-11-{1 + days % 28:02d}T{hours:02d}:{minutes % 60:02d}:{seconds:02d}.000000Z"


def entry(index, /, **more):
    """A short valid entry. A key whose value is `...` is left out."""
    fields = {"index": index, "kind": "log.read", "origin": ORIGIN, "time": instant(index), "v": 1, **more}
    return plain({key: value for key, value in fields.items() if value is not ...})


def plain(fields):
    # The keys of the format are ASCII: for them this is the order of RFC 8785.
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# === the tree of RFC 6962 ===


def leaf(data):
    return hashlib.sha256(b"\x00" + data).digest()


def mth(leaves):
    """MTH(D[n]) over leaf hashes, as it is defined."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


# === a log ===


class Made:
    """A log in a folder: `entries` may be changed and written again, tree and signature with it."""

    def __init__(self, folder, entries):
        self.folder, self.entries = folder, list(entries)

    @functools.cached_property
    def leaves(self):
        return [leaf(data) for data in self.entries]

    def root(self, size=None):
        return mth(self.leaves[:size])

    def checkpoint(self, size=None, **more):
        size = len(self.entries) if size is None else size
        return checkpoint(size, self.root(size), **more)

    def receipt(self, index, /, **more):
        made = {"origin": ORIGIN, "index": str(index), "leafHash": base64.b64encode(self.leaves[index]).decode()}
        return json.dumps({**made, "time": instant(index), **more})

    def write(self, witnesses=(), kept=()):
        """Everything anew, and nothing else left in the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.put("checkpoint", self.checkpoint(witnesses=witnesses))
        for size in kept:
            self.put(f"checkpoints/{size}", self.checkpoint(size))
        for start in range(0, len(self.entries), 256):
            self.write_bundle(start // 256)
        hashes, level = self.leaves, 0
        while hashes:
            for start in range(0, len(hashes), 256):
                part = hashes[start : start + 256]
                self.put(path(level, start // 256, len(part)), b"".join(part))
            full = len(hashes) // 256
            hashes, level = [mth(hashes[i * 256 : (i + 1) * 256]) for i in range(full)], level + 1
        return self

    def write_bundle(self, number):
        part = self.entries[number * 256 : (number + 1) * 256]
        self.put(path("entries", number, len(part)), bundle(part))

    def put(self, name, data):
        full = self.at(name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(data)
        return full

    def get(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def at(self, name):
        return os.path.join(self.folder, name)


def bundle(entries):
    return b"".join(len(data).to_bytes(2, "big") + data for data in entries)


def path(level, number, width):
    """`x001/x234/067` for 1234067, and the width if the tile is partial."""
    groups = []
    while number or not groups:
        groups.insert(0, f"{number % 1000:03d}")
        number //= 1000
    name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{name}" + ("" if width == 256 else f".p/{width}")
