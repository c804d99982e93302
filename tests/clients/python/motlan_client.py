"""What every Python caller of Motlan needs: a channel, and errors read in full.

Made to be copied. It wants grpcio and googleapis-common-protos, and the stubs
of proto/ on the path.
"""

import time
from pathlib import Path

import grpc
from google.rpc import error_details_pb2, status_pb2


class Token(grpc.AuthMetadataPlugin):
    """Names the acting person. Read at every call: it lives 15 minutes at most."""

    def __init__(self, file: Path):
        self.file = file

    def __call__(self, context, tell):
        tell((("authorization", f"Bearer {self.file.read_text().strip()}"),), None)


def connect(address: str, folder: Path, token: str | None = None) -> grpc.Channel:
    """A channel as the system whose certificate lies in `folder`, acting with that token."""
    pem = [(folder / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem")]
    credentials = grpc.ssl_channel_credentials(*pem)
    if token:
        acting = grpc.metadata_call_credentials(Token(folder / token))
        credentials = grpc.composite_channel_credentials(credentials, acting)
    return grpc.secure_channel(address, credentials)


class Refused(Exception):
    """Why the gateway did not answer. `reason` is stable: branch on it, not on texts."""

    def __init__(self, error: grpc.RpcError):
        self.code = error.code()
        self.reason = ""  # empty where the call never reached the gateway
        self.facts = {}  # origin, retry, receipt_index, next_vi, …
        self.texts = {}  # by language: "vi-VN", "en-US"
        self.fields = []  # (path, reason, Vietnamese text) of every value that is wrong
        self.retry_after = None  # seconds; only where asking again can help
        metadata = dict(error.trailing_metadata() or ())
        status = status_pb2.Status.FromString(metadata.get("grpc-status-details-bin", b""))
        for detail in status.details:
            self._read(detail)
        super().__init__(error.details())

    def _read(self, detail):
        info, text = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
        retry, bad = error_details_pb2.RetryInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            self.reason, self.facts = info.reason, dict(info.metadata)
        elif detail.Unpack(text):
            self.texts[text.locale] = text.message
        elif detail.Unpack(retry):
            self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        elif detail.Unpack(bad):
            self.fields = [(v.field, v.reason, v.localized_message.message) for v in bad.field_violations]

    def __str__(self):
        lines = [f"{self.code.name} {self.reason}: {self.texts.get('vi-VN', self.args[0])}"]
        lines += [self.facts["next_vi"]] if "next_vi" in self.facts else []
        lines += [" ".join(field) for field in self.fields]
        lines += [f"audit entry {self.receipt[0]}"] if self.receipt else []
        return "\n  ".join(lines)

    @property
    def receipt(self) -> tuple[int, str] | None:
        """Where the refusal stands in the audit log: index and leaf hash (hex)."""
        if "receipt_index" not in self.facts:
            return None
        return int(self.facts["receipt_index"]), self.facts["receipt_leaf_hash"]


def ask(method, request, attempts: int = 3, timeout: float = 30):
    """One call. Asks again only where the gateway says that it helps, and when it says so."""
    for left in reversed(range(attempts)):
        try:
            return method(request, timeout=timeout)
        except grpc.RpcError as error:
            refused = Refused(error)
            if refused.retry_after is None or not left:
                raise refused from error
            time.sleep(refused.retry_after)
