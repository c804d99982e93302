"""Receipts, in the protobuf JSON form of `common.v1.Receipt`."""

import json
import math
import re
from dataclasses import dataclass

import store
from entries import MOST_DEPTH, depth
from notes import strict_base64
from outcome import Unreadable, shown

MOST_SIZE = (1 << 63) - 1  # of a log


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
        value = json.loads(store.read_file(path).decode("utf-8"), parse_int=_integer, parse_float=_finite, parse_constant=_finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no text
        if depth(value) >= MOST_DEPTH:
            raise _Malformed("it is nested too deeply")
        return [_receipt(one) for one in (value if isinstance(value, list) else [value])]
    except (ValueError, RecursionError):
        raise Unreadable(f"the receipt {shown(path)} is not JSON") from None
    except _Malformed as error:
        raise Unreadable(f"the receipt {shown(path)} cannot be read: {error}") from None


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _integer(text):
    # JSON has a minus zero, and it is no spelling of 0.
    return int(text) if text != "-0" and len(text) < 30 else _finite(text)


def _receipt(value):
    if not isinstance(value, dict):
        raise _Malformed("it is not an object")
    origin = value.get("origin")
    if not isinstance(origin, str):
        raise _Malformed("it names no log")
    # Protobuf JSON leaves a zero out.
    return Receipt(origin, _index(value.get("index", 0)), _leaf(value.get("leafHash")))


def _index(index):
    if isinstance(index, str) and re.fullmatch(r"0|[1-9][0-9]{0,19}", index):
        index = int(index)
    if type(index) is not int or not 0 <= index < MOST_SIZE:
        raise _Malformed("its index is not a number")
    return index


def _leaf(text):
    if isinstance(text, str):
        if re.fullmatch(r"[0-9a-fA-F]{64}", text):
            return bytes.fromhex(text)
        data = strict_base64(text)
        if data is not None and len(data) == 32:
            return data
    raise _Malformed("its leaf hash is not one")
