"""Opens a dossier of 1.004222 (Đăng ký thường trú) as the portal, then resolves
it as the commune's one-stop office: which papers need not be handed in?

python dossier.py SANDBOX DOSSIER AGENCY APPLICANT CERTIFICATE
"""

import base64
import json
import sys
import time
import uuid
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from motlan.dossier.v1 import dossier_pb2 as pb
from motlan.dossier.v1.dossier_pb2_grpc import DossierServiceStub

from motlan_client import Refused, ask, connect

KINDS = {"personal_id": "person", "certificate_serial": "certificate", "enterprise_code": "enterprise"}


def acceptance_receipt(key_file: Path, request: pb.OpenDossierRequest) -> str:
    """The portal's receipt of acceptance (giấy tiếp nhận hồ sơ): a compact JWS, EdDSA."""

    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    def subject(named: pb.NamedSubject) -> dict:
        key = named.subject.WhichOneof("key")
        return {"role": named.role, "kind": KINDS[key], "value": getattr(named.subject, key)}

    header = {"alg": "EdDSA", "typ": "motlan-acceptance+jwt", "kid": "portal"}
    claims = {
        "iss": "portal",
        "dossier": request.dossier_code,
        "procedure": request.procedure_code,
        "case": request.case,
        "agency": request.agency_code,
        "subjects": [subject(named) for named in request.subjects],
        "iat": int(time.time()),
        "exp": int(time.time()) + 600,
    }
    signed = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims).encode())
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    return (signed + b"." + part(key.sign(signed))).decode()


def open_dossier(portal: grpc.Channel, key_file: Path, dossier: str, agency: str, subjects: list):
    """Registers the dossier. Its request_id makes it safe to ask again."""
    request = pb.OpenDossierRequest(
        request_id=str(uuid.uuid4()), dossier_code=dossier, procedure_code="1.004222", agency_code=agency
    )
    for role, key, value in subjects:
        request.subjects.add(role=role, subject={key: value})
    request.evidence.acceptance_receipt = acceptance_receipt(key_file, request)
    return ask(DossierServiceStub(portal).OpenDossier, request)


def resolve(office: grpc.Channel, dossier: str):
    """Each component as soon as it is decided, then the summary."""
    request = pb.ResolveDossierRequest(dossier_code=dossier)
    try:
        for step in DossierServiceStub(office).ResolveDossier(request, timeout=60):
            yield getattr(step, step.WhichOneof("result"))
    except grpc.RpcError as error:  # broke off? Ask again, for the components still missing
        raise Refused(error) from error


def main(sandbox: str, dossier: str, agency: str, applicant: str, certificate: str):
    folder = Path(sandbox)
    address = json.loads((folder / "endpoints.json").read_text())["grpc"]
    clients = folder / "clients"
    portal = connect(address, clients / "portal", "citizen.jwt")
    office = connect(address, clients / "one-stop", "officer.jwt")
    subjects = [("applicant", "personal_id", applicant), ("certificate", "certificate_serial", certificate)]
    try:
        opened = open_dossier(portal, clients / "portal" / "receipt.key", dossier, agency, subjects)
        print(f"{opened.dossier.code} opened, audit entry {opened.receipt.index}")
        for told in resolve(office, dossier):
            if isinstance(told, pb.ResolveSummary):
                print(f"{told.reused} of {told.total} papers need not be handed in")
            elif told.outcome != pb.COMPONENT_OUTCOME_NOT_IN_CASE:
                outcome = pb.ComponentOutcome.Name(told.outcome).removeprefix("COMPONENT_OUTCOME_")
                print(f"{outcome} {told.reason}: {told.name}\n  {told.reason_vi}")
                for blank in told.prefilled:
                    print(f"  {blank.label_vi}: {', '.join(blank.values)}")
    except Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main(*sys.argv[1:])
