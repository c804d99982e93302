"""Where the files of the log are: below a folder, or below a URL. Paths as in C2SP tlog-tiles.

What is not there is `None`, a fault of the log; what cannot be read raises `Unreadable`."""

import os
import re
import stat
import urllib.error
import urllib.request
import zlib

from outcome import Unreadable, shown

WIDTH = 256
HASH = 32
MOST_TILE = WIDTH * HASH
MOST_BUNDLE = WIDTH * (2 + 65535)
SECONDS = 60  # until a server that says nothing counts as unreachable


def read_file(path, most=1 << 24):
    """A file that was named to us. Only regular ones: a pipe would wait for ever."""
    try:
        data = _read_regular(path, most)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{shown(path)} cannot be read: {_why(error)}") from None
    if data is None:
        raise Unreadable(f"{shown(path)} is no file")
    return data


def _read_regular(path, most):
    """At most one byte more than `most`, which tells the reader that it is too long."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            return file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _why(error):
    return shown(getattr(error, "strerror", None) or str(error) or type(error).__name__)


class Folder:
    """The log as files on this machine."""

    def __init__(self, folder):
        if not os.path.isdir(folder):
            raise Unreadable(f"there is no folder {shown(folder)}")
        self.folder = folder

    def read(self, path, most):
        try:
            return _read_regular(os.path.join(self.folder, *path.split("/")), most)
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {_why(error)}") from None

    def kept(self):
        """The sizes of the checkpoints the log kept; other names are not its own."""
        try:
            names = os.listdir(os.path.join(self.folder, "checkpoints"))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise Unreadable(f"checkpoints cannot be listed: {_why(error)}") from None
        sizes = [int(name) for name in names if re.fullmatch(r"0|[1-9][0-9]{0,19}", name)]
        return sorted(size for size in sizes if size < 1 << 64)


class Url:
    """The log as a server shows it. Nothing can be listed there."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def read(self, path, most):
        try:
            # As a server may compress without being asked, this reads what comes compressed.
            request = urllib.request.Request(f"{self.url}/{path}", headers={"Accept-Encoding": "gzip, identity"})
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return _body(answer, most)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                return None
            raise Unreadable(f"{path}: the server answers {error.code}") from None
        # Whatever else a server can do: http.client raises many things.
        except Exception as error:
            raise Unreadable(f"{path} cannot be fetched: {_why(error)}") from None

    def kept(self):
        return []


def _body(answer, most):
    data = answer.read(most + 1024)
    length = answer.headers.get("Content-Length")
    # A connection that broke off is no fault of the log.
    if length is not None and len(data) < min(int(length), most):
        raise ValueError("the answer ends too early")
    if answer.headers.get("Content-Encoding", "").strip().lower() != "gzip":
        return data
    unpacker = zlib.decompressobj(31)
    data = unpacker.decompress(data, most + 1)
    if not unpacker.eof and len(data) <= most:
        raise ValueError("the answer ends too early")
    return data


def open_store(log):
    return Url(log) if re.match(r"https?://", log, re.IGNORECASE) else Folder(log)


def tile_path(level, number):
    """Without the suffix of a partial tile. `level` may be "entries"."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return f"tile/{level}/" + "/".join(["x" + part for part in parts[:-1]] + parts[-1:])


def read_tile(store, level, number, width, most):
    """The tile in the width asked for, else full, else in the next wider one: its bytes, and
    whether it is the one asked for. `None` if it is not there."""
    path = tile_path(level, number)
    wider = [WIDTH, *range(width + 1, WIDTH)] if width < WIDTH else []
    for own in [width, *wider]:
        data = store.read(path if own == WIDTH else f"{path}.p/{own}", most)
        if data is not None:
            return data, own == width
    return None


def read_hashes(store, level, number, width):
    """The first `width` hashes of a tile. `None`: not there. `False`: not as long as it must be;
    of a stand-in only the beginning must be there."""
    found = read_tile(store, level, number, width, MOST_TILE)
    if found is None:
        return None
    data, exact = found
    if len(data) < width * HASH or (exact and len(data) > width * HASH):
        return False
    return [data[i : i + HASH] for i in range(0, width * HASH, HASH)]


def read_bundle(store, number, width):
    """The first `width` entries of a bundle, and what stops it from being whole: `None`, or at
    which place in it and why. `None` alone if it is not there."""
    found = read_tile(store, "entries", number, width, MOST_BUNDLE)
    if found is None:
        return None
    data, exact = found
    entries, at = [], 0
    while at < len(data) and len(entries) < width:
        length = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + length > len(data):
            return entries, (len(entries), "the bundle ends within an entry")
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if len(entries) < width:
        return entries, (len(entries), f"the bundle has {len(entries)} entries, not {width}")
    if exact and at < len(data):
        return entries, (width, f"the bundle goes on after its {width} entries")
    return entries, None
