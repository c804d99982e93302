"""What an entry says, from gateway/audit-tree/docs/entry.md: read leniently for its index and
time, and strictly (`Deep`) as format v:1."""

import datetime
import json
import re

import rotations

MOST_INTEGER = (1 << 53) - 1
MOST_DEPTH = 128
LATEST = "9999-12-30T22:00:01"  # behind it, some time zone has another year


class Bad(Exception):
    """The entry is not what the format allows: a fault code and why."""

    def __init__(self, code, why):
        super().__init__(why)
        self.code = code
        self.why = why


class _Twice(dict):
    """An object in which a key stood twice."""


def _pairs(pairs):
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Twice(made)


def _integer(text):
    # JSON has a minus zero, and it is no spelling of 0. One too long to be read is not needed.
    return -0.0 if text == "-0" else int(text) if len(text) < 100 else 10**100


def _refused(text):
    raise ValueError(f"{text} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_refused)


def parse(entry):
    """The JSON object in these bytes, or `None`. Duplicate keys are let through, marked."""
    try:
        value = _decoder.decode(entry.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and depth(value) <= MOST_DEPTH else None


def depth(value):
    """How many objects and lists lie in each other there."""
    deepest, seen = 0, [(value, 1)]
    while seen:
        one, here = seen.pop()
        if isinstance(one, (dict, list)):
            deepest = max(deepest, here)
            seen += [(part, here + 1) for part in (one.values() if isinstance(one, dict) else one)]
    return deepest


def own_index(value):
    """The index an entry states, or `None`."""
    index = value.get("index")
    return index if type(index) is int and index >= 0 else None


def stated_time(entry):
    """The time an entry states, sound or not, or `None`."""
    times = []

    def pairs(pairs):
        # The outermost object is the last one read.
        times[:] = [value for key, value in pairs if key == "time"]
        return dict(pairs)

    try:
        value = json.loads(entry.decode("utf-8", "surrogateescape"), object_pairs_hook=pairs, parse_int=_integer, parse_constant=_refused)
        if isinstance(value, dict):
            "".join(value).encode("utf-8")
    except (ValueError, RecursionError):
        return None
    return times[0] if isinstance(value, dict) and len(times) == 1 and is_instant(times[0]) else None


def is_instant(value):
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", value):
        return False
    try:
        # Python has no year 0; 2000 has the same days.
        datetime.datetime.fromisoformat(re.sub("^0000", "2000", value[:-1]))
    except ValueError:
        return False
    return value < LATEST


# === canonical form ===


def canonical(value):
    """The bytes RFC 8785 prescribes, of the values the format has: no fractions."""
    return _encode(value).encode("utf-8")


def _encode(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{_encode(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_encode, value)) + "]"
    return _text(value) if isinstance(value, str) else str(value)


_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _text(text):
    return '"' + re.sub(r'["\\\x00-\x1f]', lambda m: _SHORT.get(m[0]) or f"\\u{ord(m[0]):04x}", text) + '"'


# === schema ===
# A type is a function that says what is wrong with a value, or nothing.


def _is(test, what):
    return lambda value: None if test(value) else f"is not {what}"


def _one_of(*words):
    return _is(lambda value: isinstance(value, str) and value in words, "one of " + ", ".join(words))


def _up_to(most):
    return _is(lambda value: type(value) is int and 0 <= value <= most, "an integer of the format")


# Of texts the format fixes the shape nowhere: what a pseudonym or a digest looks like is told for
# those who read them.
_whole = _up_to(MOST_INTEGER)
_small = _up_to((1 << 32) - 1)
_text_type = _is(lambda value: isinstance(value, str), "text")
_instant = _is(is_instant, "an instant")


def _list_of(one):
    def check(value):
        if not isinstance(value, list):
            return "is not a list"
        return next((f"holds what {why}" for why in map(one, value) if why), None)

    check.is_list = True
    return check


def _object(required=(), one_of_them=False, **keys):
    needed = set(keys) if required == "all" else set(required)

    def check(value):
        if not isinstance(value, dict):
            return "is not an object"
        if isinstance(value, _Twice):
            return "has a key twice"
        for key, part in value.items():
            if key not in keys:
                return "has an unknown key"
            if part is None and key not in needed and not one_of_them and not hasattr(keys[key], "is_list"):
                continue  # absent, spelt otherwise: canonical form refuses it
            why = keys[key](part)
            if why:
                return f"{key} {why}"
        if one_of_them and len(value) != 1:
            return "has not one key"
        missing = sorted(needed - set(value))
        return f"lacks {missing[0]}" if missing else None

    return check


_texts = _list_of(_text_type)
_KINDS = """access.intent access.outcome access.denied credential.refused dossier.opened dossier.closed
    component.decided config.loaded log.read subject.created subject.erased refusals.aggregated
    entry.not_released log.key_rotated log.begun""".split()

_entry = _object(
    required=("v", "origin", "index", "time", "kind"),
    v=_is(lambda value: type(value) is int and value == 1, "1"),
    origin=_text_type,
    index=_whole,
    time=_instant,
    kind=_one_of(*_KINDS),
    trace=_text_type,
    caller=_object(agency=_text_type, certificate=_text_type, system=_text_type),
    actor=_object(
        required=("kind",),
        kind=_one_of("OFFICER", "CITIZEN", "ACTOR_ABSENT", "SYSTEM"),
        account=_text_type,
        agency=_text_type,
        pseudonym=_text_type,
        source_account=_text_type,
    ),
    evidence=_one_of("CITIZEN_SIGNED", "ACCEPTANCE_RECEIPT", "ASSERTED"),
    operation=_text_type,
    dataset=_text_type,
    fields=_object(asked=_texts, disclosed=_texts),
    purpose=_object(one_of_them=True, dossier=_text_type, registered=_text_type),
    procedure=_text_type,
    case=_text_type,
    legal_basis=_texts,
    subjects=_list_of(
        _object(
            **{"class": _one_of("NATURAL", "RECORD")},
            required=("class", "pseudonym", "role"),
            pseudonym=_text_type,
            role=_text_type,
            sealed=_text_type,
        )
    ),
    decision=_object(
        required=("effect",),
        effect=_one_of("PERMIT", "DENY"),
        policies=_texts,
        policy_digest=_text_type,
        catalogue_digest=_text_type,
    ),
    outcome=_one_of(
        "FOUND", "MATCH", "MISMATCH", "NOT_FOUND", "INCOMPLETE", "SOURCE_UNAVAILABLE", "DENIED", "FAILED"
    ),
    assurance=_text_type,
    reason=_text_type,
    source=_object(
        **{"from": _one_of("REGISTRY", "CACHE", "COALESCED", "STALE")},
        required=("from", "registry"),
        registry=_text_type,
        data_time=_instant,
        retrieved_at=_instant,
        fetched_by=_whole,
    ),
    upstream=_texts,
    commitment=_object("all", mac=_text_type, seal=_one_of("SUBJECTS", "RECORD"), sealed_key=_text_type),
    intent=_whole,
    component=_object(
        required=("key", "outcome", "prefilled", "total"),
        key=_text_type,
        mode=_text_type,
        outcome=_text_type,
        prefilled=_small,
        total=_small,
    ),
    aggregate=_object("all", **{"from": _instant}, reason=_text_type, count=_whole, to=_instant),
    loaded=_object("all", what=_text_type, digest=_text_type),
    search=_object(
        required=("count",),
        filters=_list_of(_object(required=("name",), name=_text_type, value=_text_type)),
        count=_whole,
    ),
    created=_object("all", pseudonym=_text_type, commitment=_text_type),
    erased=_object("all", pseudonym=_text_type),
    not_released=_object("all", first=_whole, last=_whole, cause=_text_type),
    rotated=_object("all", old=_text_type, new=_text_type, statement=_text_type),
    begun=_object(
        required=("after", "operator", "reason"),
        after=_text_type,
        checkpoint=_text_type,
        witnessed=_text_type,
        operator=_text_type,
        reason=_text_type,
    ),
)


def _empty(value):
    """Whether somewhere in it stands a `null` or a `[]`: absent, spelt otherwise."""
    if isinstance(value, dict):
        return any(map(_empty, value.values()))
    if isinstance(value, list):
        return not value or any(map(_empty, value))
    return value is None


# === impl Deep ===


class Deep:
    """Reads the entries of one log in order, and says of each what is wrong with it."""

    def __init__(self, origin, statements=()):
        self.origin = origin
        self.last_time = ""
        self.intents = set()
        self.rotated = None  # the last rotation an entry told of
        self.untold = list(statements)  # those published that no entry told of yet

    def read(self, index, entry, value):
        """Raises `Bad`. After it, this reader knows too little to go on."""
        why = _entry(value)
        if why:
            raise Bad("ENTRY_MALFORMED", why)
        try:
            same = canonical(value) == entry
        except UnicodeEncodeError:
            raise Bad("ENTRY_MALFORMED", "a text is not Unicode") from None
        if not same or _empty(value):
            raise Bad("ENTRY_NOT_CANONICAL", "it is spelt otherwise than RFC 8785 and the format prescribe")
        if value["origin"] != self.origin:
            raise Bad("ENTRY_ORIGIN", "it names another log")
        # All instants have one width: text sorts as time does.
        if value["time"] < self.last_time:
            raise Bad("TIME_BACKWARDS", "its time lies before that of the entry before it")
        self.last_time = value["time"]
        if "intent" in value and value["intent"] not in self.intents:
            raise Bad("INTENT_UNKNOWN", f"no access.intent stands at {value['intent']} before it")
        if "not_released" in value:
            span = value["not_released"]
            if not span["first"] <= span["last"] < index:
                raise Bad("NOT_RELEASED_RANGE", "not_released names no entries before it")
        if "rotated" in value:
            self._rotated(value["rotated"])
        if value["kind"] == "access.intent":
            self.intents.add(index)

    def _rotated(self, told):
        try:
            statement = rotations.parse(told["statement"].encode())
        except rotations.Wrong as error:
            raise Bad("KEY_STATEMENT", f"its statement {error}") from None
        if (statement.old.name, *map(str, statement.keys)) != (self.origin, told["old"], told["new"]):
            raise Bad("KEY_STATEMENT", "its statement is not of this log, or not of the keys it names")
        # After a crash the same may be told once more.
        if self.rotated and statement.keys != self.rotated.keys and statement.old != self.rotated.new:
            raise Bad("KEY_STATEMENT", "its statement does not go on from the one before")
        self.rotated = statement
        self.untold = [other for other in self.untold if other.keys != statement.keys]
