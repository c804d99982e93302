"""A running sandbox, its people, and what the auditor sees.

tests/clients/run starts the sandbox and names its folder in MOTLAN_SANDBOX.
"""

import base64
import datetime
import hashlib
import hmac
import itertools
import json
import os
import time
import urllib.request
from pathlib import Path

import pytest
from motlan.audit.v1 import audit_pb2
from motlan.audit.v1.audit_pb2_grpc import AuditServiceStub

from motlan_client import connect

PATIENCE = 20  # seconds: the log's index is written off the response path


class Sandbox:
    """Where everything is, and who lives there."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.endpoints = json.loads((folder / "endpoints.json").read_text())
        self.address = self.endpoints["grpc"]
        self.families = self.control("/families")
        self.personas = self.control("/personas")
        claims = (folder / "clients/one-stop/officer.jwt").read_text().split(".")[1]
        self.agency = json.loads(base64.urlsafe_b64decode(claims + "=="))["agency"]
        self.serials = itertools.count(2000)  # the other suite counts from elsewhere

    def control(self, path: str, body=None, method="GET"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.endpoints["sandbox_control"] + path, data, method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def calls(self) -> int:
        """How often any registry was asked so far."""
        return sum(sum(operations.values()) for operations in self.control("/calls")["counts"].values())

    def client(self, caller: str) -> Path:
        return self.folder / "clients" / caller

    def connect(self, caller: str, token: str | None):
        return connect(self.address, self.client(caller), token)

    def next_code(self) -> str:
        """A dossier code of today, in Viet Nam, that nobody has used."""
        vietnam = datetime.timezone(datetime.timedelta(hours=7))
        return f"{self.agency}-{datetime.datetime.now(vietnam):%y%m%d}-{next(self.serials):04}"

    def subjects(self, family: dict) -> list:
        return [
            ("applicant", "personal_id", family["applicant"]["id"]),
            ("certificate", "certificate_serial", family["certificate"].replace(" ", "")),
        ]


class Auditor:
    """Reads the log, and checks every entry it is given against its own hash."""

    def __init__(self, sandbox: Sandbox):
        self.stub = AuditServiceStub(sandbox.connect("auditor", "officer.jwt"))

    def entry(self, index: int) -> audit_pb2.Entry:
        return self._checked(self.stub.GetEntry(audit_pb2.GetEntryRequest(index=index), timeout=30).entry)

    def entries(self, through: int, **filters) -> list:
        """What a search finds, once it has seen the entry of that index; oldest first."""
        filters = {"page_size": 200, "order": audit_pb2.ENTRY_ORDER_OLDEST_FIRST} | filters
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.stub.SearchEntries(audit_pb2.SearchEntriesRequest(**filters), timeout=30)
            if found.indexed_through > through:
                assert not found.next_page_token, "one page was meant to do"
                return [self._checked(entry) for entry in found.entries]
            assert time.monotonic() < deadline, f"entry {through} is not in the index after {PATIENCE} s"
            time.sleep(0.02)

    def _checked(self, entry: audit_pb2.Entry) -> audit_pb2.Entry:
        # RFC 6962: a leaf's hash is over 0x00 and the leaf.
        assert entry.leaf_hash == hashlib.sha256(b"\0" + entry.canonical).digest()
        stored = json.loads(entry.canonical)
        assert (stored["v"], stored["index"]) == (1, entry.index)
        return entry


def opens(entry: audit_pb2.Entry, receipt, answer: dict) -> bool:
    """Whether the entry commits to that answer, under the key of its receipt. Made from the
    contract's words alone: HMAC-SHA-256 over the answer as canonical JSON."""
    canonical = json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    mac = hmac.digest(receipt.commitment_key, canonical.encode(), "sha256")
    return json.loads(entry.canonical)["commitment"]["mac"] == mac.hex()


def instant(time) -> str:
    """RFC 3339 in UTC, with as many digits as it needs."""
    fraction = f".{time.nanos:09}".rstrip("0").rstrip(".")
    return f"{datetime.datetime.fromtimestamp(time.seconds, datetime.UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    return Sandbox(Path(os.environ["MOTLAN_SANDBOX"]))


@pytest.fixture(scope="session")
def auditor(sandbox) -> Auditor:
    return Auditor(sandbox)
