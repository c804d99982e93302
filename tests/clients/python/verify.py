"""Is this the person they say they are? Yes or no, and no record.

python verify.py SANDBOX PERSONAL_ID NAME BIRTH_DATE
"""

import json
import sys
from pathlib import Path

import grpc
from motlan.common.v1 import answer_pb2 as common
from motlan.population.v1 import population_pb2 as pb
from motlan.population.v1.population_pb2_grpc import PopulationServiceStub

from motlan_client import Refused, ask, connect


def verify(agency: grpc.Channel, personal_id: str, name: str, birth_date: str):
    request = pb.VerifyIdentityRequest(full_name=name, birth_date=birth_date)
    request.purpose.registered_purpose_id = "identity-verification"
    request.subject.personal_id = personal_id
    return ask(PopulationServiceStub(agency).VerifyIdentity, request)


def main(sandbox: str, personal_id: str, name: str, birth_date: str):
    folder = Path(sandbox)
    address = json.loads((folder / "endpoints.json").read_text())["grpc"]
    notary = connect(address, folder / "clients" / "verifier", "officer.jwt")
    try:
        answer = verify(notary, personal_id, name, birth_date)
    except Refused as refused:  # GUESS_LIMIT after five wrong tries about one person in a day
        sys.exit(str(refused))
    print(common.Outcome.Name(answer.outcome), common.Assurance.Name(answer.verdict.assurance))
    for finding in answer.verdict.findings:
        field, level = common.ClaimField.Name(finding.field), common.FindingLevel.Name(finding.level)
        print(f"  {field}: {level} {finding.code}")
    print(f"audit entry {answer.receipt.index}")


if __name__ == "__main__":
    main(*sys.argv[1:])
