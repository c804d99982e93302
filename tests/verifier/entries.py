"""What an entry says, from gateway/audit-tree/docs/entry.md: read leniently for its index and
time, and strictly (`Deep`) as format v:1."""

import datetime
import json
import re

MOST_INTEGER = (1 << 53) - 1


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
    # JSON has a minus zero, and it is no spelling of 0.
    return -0.0 if text == "-0" else int(text)


def _refused(text):
    raise ValueError(f"{text} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_refused)


def parse(entry):
    """The JSON object in these bytes, or `None`. Duplicate keys are let through, marked."""
    try:
        value = _decoder.decode(entry.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_index(value, index):
    return type(value) is int and value == index


def is_instant(value):
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", value):
        return False
    try:
        datetime.datetime.fromisoformat(value[:-1])
    except ValueError:
        return False
    return True


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


def _matching(pattern, what):
    return _is(lambda value: isinstance(value, str) and re.fullmatch(pattern, value), what)


def _one_of(*words):
    return _is(lambda value: isinstance(value, str) and value in words, "one of " + ", ".join(words))


_whole = _is(lambda value: type(value) is int and 0 <= value <= MOST_INTEGER, "an integer of the format")
_string = _is(lambda value: isinstance(value, str), "text")
_instant = _is(is_instant, "an instant")
_pseudonym = _matching(r"s_[0-9a-f]{32}", "a pseudonym")
_digest = _matching(r"[0-9a-fA-F]{64}", "a SHA-256 value in hex")
_trace = _matching(r"[0-9a-f]{32}", "a trace id")
# Nonce and tag are 28 bytes, 38 characters. Of a last lone character no byte could be made.
_sealed = _is(
    lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{38,}", value) and len(value) % 4 != 1,
    "sealed text",
)
# The document does not say whether a span is of entries or of time.
_bound = lambda value: _whole(value) and _instant(value) and "is neither an integer nor an instant"  # noqa: E731


def _list_of(one):
    def check(value):
        if not isinstance(value, list):
            return "is not a list"
        return next((f"holds what {why}" for why in map(one, value) if why), None)

    return check


def _object(required=(), only_one=False, **keys):
    def check(value):
        if not isinstance(value, dict):
            return "is not an object"
        if isinstance(value, _Twice):
            return "has a key twice"
        for key, part in value.items():
            if key not in keys:
                return "has an unknown key"
            # Absent, spelt otherwise: canonical form refuses it.
            why = None if part is None or part == [] or part == {} else keys[key](part)
            if why:
                return f"{key} {why}"
        if only_one and len(value) > 1:
            return "has more than one key"
        missing = [key for key in required if value.get(key) is None]
        return f"lacks {missing[0]}" if missing else None

    return check


_texts = _list_of(_string)
_KINDS = """access.intent access.outcome access.denied credential.refused dossier.opened dossier.closed
    component.decided config.loaded log.read subject.created subject.erased refusals.aggregated
    entry.not_released""".split()

_entry = _object(
    required=("v", "origin", "index", "time", "kind"),
    v=_is(lambda value: is_index(value, 1), "1"),
    origin=_string,
    index=_whole,
    time=_instant,
    kind=_one_of(*_KINDS),
    trace=_trace,
    caller=_object(agency=_string, certificate=_digest, system=_string),
    actor=_object(
        kind=_one_of("OFFICER", "CITIZEN", "ACTOR_ABSENT", "SYSTEM"),
        account=_string,
        agency=_string,
        pseudonym=_pseudonym,
        source_account=_string,
    ),
    evidence=_one_of("CITIZEN_SIGNED", "ACCEPTANCE_RECEIPT", "ASSERTED"),
    operation=_string,
    dataset=_string,
    fields=_object(asked=_texts, disclosed=_texts),
    purpose=_object(only_one=True, dossier=_string, registered=_string),
    procedure=_string,
    case=_string,
    legal_basis=_texts,
    subjects=_list_of(
        _object(**{"class": _one_of("NATURAL", "RECORD")}, pseudonym=_pseudonym, role=_string, sealed=_sealed)
    ),
    decision=_object(effect=_one_of("PERMIT", "DENY"), policies=_texts, policy_digest=_string, catalogue_digest=_string),
    outcome=_one_of(
        "FOUND", "MATCH", "MISMATCH", "NOT_FOUND", "INCOMPLETE", "SOURCE_UNAVAILABLE", "DENIED", "FAILED"
    ),
    assurance=_one_of("HIGH", "LOW"),
    reason=_string,
    source=_object(
        **{"from": _one_of("REGISTRY", "CACHE", "COALESCED", "STALE")},
        registry=_string,
        data_time=_instant,
        retrieved_at=_instant,
        fetched_by=_whole,
    ),
    upstream=_texts,
    commitment=_object(mac=_digest, seal=_one_of("SUBJECTS", "RECORD"), sealed_key=_sealed),
    intent=_whole,
    component=_object(key=_string, mode=_string, outcome=_string, prefilled=_whole, total=_whole),
    aggregate=_object(**{"from": _bound}, reason=_string, count=_whole, to=_bound),
    loaded=_object(what=_string, digest=_string),
    search=_object(filters=_list_of(_object(name=_string, value=_string)), count=_whole),
    created=_object(pseudonym=_pseudonym, commitment=_digest),
    erased=_object(pseudonym=_pseudonym),
    not_released=_object(required=("first", "last"), first=_whole, last=_whole, cause=_string),
)


def _empty(value):
    """Whether somewhere in it stands a `null`, a `[]` or a `{}`: absent, spelt otherwise."""
    if isinstance(value, dict):
        return not value or any(map(_empty, value.values()))
    if isinstance(value, list):
        return not value or any(map(_empty, value))
    return value is None


# === impl Deep ===


class Deep:
    """Reads the entries of one log in order, and says of each what is wrong with it."""

    def __init__(self, origin):
        self.origin = origin
        self.last_time = ""
        self.intents = set()

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
                raise Bad("ENTRY_MALFORMED", "not_released names no entries before it")
        if value["kind"] == "access.intent":
            self.intents.add(index)
