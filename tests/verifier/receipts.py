"""Receipts, in the protobuf JSON form of `common.v1.Receipt`."""

import base64
import json
import re
from dataclasses import dataclass

import store
from entries import MOST_INTEGER
from outcome import Unreadable, shown


@dataclass(frozen=True)
class Receipt:
    """That the log `origin` holds an entry with this leaf hash at this index."""

    origin: str
    index: int
    leaf: bytes


class _Malformed(Exception):
    pass


def load_receipts(path):
    """The receipt in a file, or the list of them."""
    try:
        value = json.loads(store.read_file(path).decode("utf-8"), object_pairs_hook=_object)
        found = [_receipt(one) for one in (value if isinstance(value, list) else [value])]
    except (ValueError, RecursionError):
        raise Unreadable(f"the receipt {shown(path)} is not JSON") from None
    except _Malformed as error:
        raise Unreadable(f"the receipt {shown(path)} cannot be read: {error}") from None
    return found


def _object(pairs):
    if len(dict(pairs)) != len(pairs):
        raise _Malformed("a key stands twice")
    return dict(pairs)


def _receipt(value):
    if not isinstance(value, dict):
        raise _Malformed("it is not an object")
    origin = value.get("origin")
    if not isinstance(origin, str):
        raise _Malformed("it names no log")
    return Receipt(origin, _index(value.get("index")), _leaf(value))


def _index(index):
    # Protobuf JSON leaves a zero out.
    if index is None:
        return 0
    if isinstance(index, str) and re.fullmatch(r"0|[1-9][0-9]{0,19}", index):
        index = int(index)
    if type(index) is not int or not 0 <= index <= MOST_INTEGER:
        raise _Malformed("its index is not a number")
    return index


def _leaf(value):
    # A protobuf parser takes the name as it stands in the .proto, too.
    if "leafHash" in value and "leaf_hash" in value:
        raise _Malformed("a key stands twice")
    text = value.get("leafHash", value.get("leaf_hash"))
    if isinstance(text, str):
        if re.fullmatch(r"[0-9a-fA-F]{64}", text):
            return bytes.fromhex(text)
        # Either alphabet, padded or not, as protobuf JSON has it; 32 bytes are 43 digits.
        if re.fullmatch(r"[A-Za-z0-9+/]{43}=?|[A-Za-z0-9_-]{43}=?", text):
            return base64.urlsafe_b64decode(text.rstrip("=").replace("+", "-").replace("/", "_") + "=")
    raise _Malformed("its leaf hash is not one")
