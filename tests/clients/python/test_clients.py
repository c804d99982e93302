"""The examples of the README against a running gateway, and how they fail."""

import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from motlan.audit.v1 import audit_pb2
from motlan.common.v1 import answer_pb2 as common
from motlan.dossier.v1 import dossier_pb2 as pb
from motlan.dossier.v1.dossier_pb2_grpc import DossierServiceStub
from motlan.population.v1 import population_pb2
from motlan.population.v1.population_pb2_grpc import PopulationServiceStub

from conftest import instant, opens
from dossier import acceptance_receipt, open_dossier, resolve
from motlan_client import Refused, ask
from verify import verify

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def portal(sandbox):
    return sandbox.connect("portal", "citizen.jwt")


@pytest.fixture(scope="module")
def office(sandbox):
    return sandbox.connect("one-stop", "officer.jwt")


@pytest.fixture(scope="module")
def notary(sandbox):
    return sandbox.connect("verifier", "officer.jwt")


def opened(sandbox, portal) -> str:
    """A dossier of the first family, open."""
    code, family = sandbox.next_code(), sandbox.families[0]
    key = sandbox.client("portal") / "receipt.key"
    open_dossier(portal, key, code, sandbox.agency, sandbox.subjects(family))
    return code


def test_a_dossier_is_opened_resolved_and_in_the_log(sandbox, portal, office, auditor):
    code, family = sandbox.next_code(), sandbox.families[0]
    key = sandbox.client("portal") / "receipt.key"
    answer = open_dossier(portal, key, code, sandbox.agency, sandbox.subjects(family))
    assert answer.dossier.evidence == pb.EVIDENCE_ACCEPTANCE_RECEIPT
    assert answer.dossier.state == pb.DOSSIER_STATE_OPEN

    *components, summary = resolve(office, code)
    assert isinstance(summary, pb.ResolveSummary) and not summary.actor_absent
    counted = [c for c in components if c.outcome != pb.COMPONENT_OUTCOME_NOT_IN_CASE]
    assert summary.total == len(counted) == 2
    assert summary.reused == 1 and summary.unavailable == 0
    home, form = sorted(counted, key=lambda c: c.outcome)
    assert (home.outcome, home.reason) == (pb.COMPONENT_OUTCOME_REUSED, "RECORD_REUSED")
    assert home.source == common.REGISTRY_LAND and home.name.startswith("Thông tin/giấy tờ chứng minh")
    assert (form.outcome, form.reason) == (pb.COMPONENT_OUTCOME_PREFILLED, "FORM_PREFILLED")
    blanks = {blank.label_vi: list(blank.values) for blank in form.prefilled}
    assert blanks["Họ, chữ đệm và tên"] == [family["applicant"]["name"]]
    assert blanks["Số định danh cá nhân"] == [family["applicant"]["id"]]
    assert form.prefilled_fields == summary.prefilled_fields == len(blanks) >= 5

    last = max(c.receipt.index for c in components)
    entries = auditor.entries(last, dossier_code=code)
    by_index = {entry.index: entry for entry in entries}
    kinds = [entry.kind for entry in entries]
    assert entries[0].index == answer.receipt.index
    assert kinds[0] == audit_pb2.ENTRY_KIND_DOSSIER_OPENED
    assert kinds.count(audit_pb2.ENTRY_KIND_DOSSIER_OPENED) == 1
    # The intent is durable before its outcome, for every question that a registry was asked.
    intents = [entry.index for entry in entries if entry.kind == audit_pb2.ENTRY_KIND_ACCESS_INTENT]
    outcomes = [entry.index for entry in entries if entry.kind == audit_pb2.ENTRY_KIND_ACCESS_OUTCOME]
    assert intents and outcomes and min(intents) < min(outcomes)
    for component in components:
        entry = by_index[component.receipt.index]
        assert entry.kind == audit_pb2.ENTRY_KIND_COMPONENT_DECIDED
        assert entry.leaf_hash == component.receipt.leaf_hash
        assert entry.reason == component.reason
    for entry in entries:
        for secret in (family["applicant"]["id"], family["applicant"]["name"]):
            assert secret.encode() not in entry.canonical


def test_without_a_person_acting_outcomes_are_told_and_no_values(sandbox, portal):
    code = opened(sandbox, portal)
    *components, summary = resolve(sandbox.connect("portal", None), code)
    assert summary.actor_absent and summary.reused == 1
    blanks = [blank for component in components for blank in component.prefilled]
    assert len(blanks) >= 5
    assert all(blank.withheld and not blank.values for blank in blanks)


def test_a_stranger_is_denied_recorded_and_no_registry_asked(sandbox, portal, office, auditor):
    code = opened(sandbox, portal)
    request = population_pb2.GetPersonRequest()
    request.purpose.dossier_code = code
    request.subject.personal_id = sandbox.families[0]["applicant"]["id"]
    known = ask(PopulationServiceStub(office).GetPerson, request)
    assert known.outcome == common.OUTCOME_FOUND, "control: the applicant's record is told"

    before = sandbox.calls()
    request.subject.personal_id = sandbox.families[1]["applicant"]["id"]
    with pytest.raises(Refused) as caught:
        ask(PopulationServiceStub(office).GetPerson, request)
    refused = caught.value
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SUBJECT_NOT_IN_DOSSIER")
    assert refused.facts["origin"] == "caller" and refused.facts["retry"] == "after_change"
    assert refused.texts["vi-VN"] == "Đối tượng được hỏi không thuộc hồ sơ."
    assert refused.facts["next_vi"].startswith("Chỉ hỏi về đối tượng")
    assert refused.retry_after is None
    assert sandbox.calls() == before

    index, leaf_hash = refused.receipt
    entry = auditor.entry(index)
    assert (entry.kind, entry.reason) == (audit_pb2.ENTRY_KIND_ACCESS_DENIED, "SUBJECT_NOT_IN_DOSSIER")
    assert entry.leaf_hash.hex() == leaf_hash and entry.dossier_code == code
    assert request.subject.personal_id.encode() not in entry.canonical


def test_evidence_that_does_not_hold_opens_nothing(sandbox, portal, tmp_path):
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "stranger.key").write_bytes(Ed25519PrivateKey.generate().private_bytes(*pem))
    code, subjects = sandbox.next_code(), sandbox.subjects(sandbox.families[0])
    with pytest.raises(Refused) as caught:
        open_dossier(portal, tmp_path / "stranger.key", code, sandbox.agency, subjects)
    assert caught.value.reason == "EVIDENCE_INVALID" and caught.value.receipt

    # Signed by the portal, but over another applicant.
    request = pb.OpenDossierRequest(
        request_id=code, dossier_code=code, procedure_code="1.004222", agency_code=sandbox.agency
    )
    request.subjects.add(role="applicant", subject={"personal_id": sandbox.families[1]["applicant"]["id"]})
    receipt = acceptance_receipt(sandbox.client("portal") / "receipt.key", request)
    request.evidence.acceptance_receipt = receipt
    request.subjects[0].subject.personal_id = sandbox.families[0]["applicant"]["id"]
    with pytest.raises(Refused) as caught:
        ask(DossierServiceStub(portal).OpenDossier, request)
    assert (caught.value.code, caught.value.reason) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "EVIDENCE_INVALID",
    )


def test_every_mistake_of_a_request_is_told_with_its_field(notary):
    with pytest.raises(Refused) as caught:
        verify(notary, "09708829887", "Bùi Công Dũng", "1988-13-15")
    refused = caught.value
    assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "PERSONAL_ID_LENGTH")
    assert [(field, reason) for field, reason, _ in refused.fields] == [
        ("subject.personal_id", "PERSONAL_ID_LENGTH"),
        ("birth_date", "DATE_CALENDAR"),
    ]
    assert refused.fields[0][2] == "Số định danh cá nhân phải có đúng 12 chữ số."
    assert "12" in refused.texts["vi-VN"] and refused.texts["en-US"].isascii()
    assert "09708829887" not in str(refused)


def test_a_request_full_of_mistakes_is_still_answered_whole(sandbox, portal):
    """A status beyond 8 KiB would reach this library as RESOURCE_EXHAUSTED."""
    request = pb.OpenDossierRequest(
        request_id="full", dossier_code=sandbox.next_code(), procedure_code="1.004222", agency_code=sandbox.agency
    )
    for _ in range(32):
        request.subjects.add(role="no such role", subject={"certificate_serial": "12"})
    request.evidence.assertion.SetInParent()
    with pytest.raises(Refused) as caught:
        ask(DossierServiceStub(portal).OpenDossier, request)
    refused = caught.value
    assert refused.code == grpc.StatusCode.INVALID_ARGUMENT
    assert int(refused.facts["violations"]) >= 64 and len(refused.fields) > 32
    assert all(field and reason for field, reason, _ in refused.fields)


def test_an_identity_is_verified_yes_or_no(sandbox, notary, auditor):
    applicant = sandbox.families[0]["applicant"]
    answer = verify(notary, applicant["id"], applicant["name"], applicant["birth_date"])
    assert answer.outcome == common.OUTCOME_MATCH
    assert answer.verdict.assurance == common.ASSURANCE_HIGH
    levels = {finding.field: finding.level for finding in answer.verdict.findings}
    assert levels[common.CLAIM_FIELD_FULL_NAME] == common.FINDING_LEVEL_EXACT
    entry = auditor.entry(answer.receipt.index)
    assert (entry.operation, entry.outcome) == ("verify_identity", common.OUTCOME_MATCH)
    assert entry.registered_purpose_id == "identity-verification"
    assert entry.leaf_hash == answer.receipt.leaf_hash


def test_what_was_answered_opens_the_commitment_of_its_entry(sandbox, portal, office, notary, auditor):
    """Whoever keeps answer and key can show that the entry is about it, and about nothing else."""
    code, applicant = opened(sandbox, portal), sandbox.families[0]["applicant"]
    form = next(c for c in resolve(office, code) if c.outcome == pb.COMPONENT_OUTCOME_PREFILLED)
    answer = {
        "key": form.key,
        "outcome": "PREFILLED",
        "reason": form.reason,
        "data_time": instant(form.data_time),
        "filled": {blank.key: list(blank.values) for blank in form.prefilled},
    }
    entry = auditor.entry(form.receipt.index)
    assert opens(entry, form.receipt, answer)
    assert not opens(entry, form.receipt, answer | {"outcome": "NEEDS_PAPER"})

    request = population_pb2.GetPersonRequest(fields=["full_name", "birth_date", "sex"])
    request.purpose.dossier_code = code
    request.subject.personal_id = applicant["id"]
    told = ask(PopulationServiceStub(office).GetPerson, request)
    assert told.record.sex in (1, 2), "enum values stand without their prefix"
    answer = {
        "operation": "get_person",
        "dataset": "population.person",
        "outcome": "FOUND",
        "records": [
            {
                "full_name": applicant["name"],
                "birth_date": applicant["birth_date"],
                "sex": {1: "MALE", 2: "FEMALE"}[told.record.sex],
            }
        ],
        "retrieved_at": instant(told.freshness.retrieved_at),
    }
    entry = auditor.entry(told.receipt.index)
    assert opens(entry, told.receipt, answer)
    assert not opens(entry, told.receipt, answer | {"records": []})

    unknown = sandbox.personas["unknown_person"]
    for personal_id, outcome in ((applicant["id"], "MATCH"), (unknown, "NOT_FOUND")):
        told = verify(notary, personal_id, applicant["name"], applicant["birth_date"])
        assert told.outcome == common.Outcome.Value(f"OUTCOME_{outcome}")
        # What is absent is left out.
        verdict = {}
        if told.verdict.assurance:
            verdict["assurance"] = common.Assurance.Name(told.verdict.assurance).removeprefix("ASSURANCE_")
        if told.verdict.findings:
            verdict["findings"] = [
                {
                    "field": common.ClaimField.Name(finding.field).removeprefix("CLAIM_FIELD_"),
                    "level": common.FindingLevel.Name(finding.level).removeprefix("FINDING_LEVEL_"),
                    "code": finding.code,
                }
                for finding in told.verdict.findings
            ]
        answer = {
            "operation": "verify_identity",
            "dataset": "population.person",
            "outcome": outcome,
            "verdict": verdict,
            "retrieved_at": instant(told.freshness.retrieved_at),
        }
        entry = auditor.entry(told.receipt.index)
        assert opens(entry, told.receipt, answer)
        assert not opens(entry, told.receipt, answer | {"outcome": "MISMATCH"})


def test_five_wrong_guesses_are_the_last(sandbox, notary, auditor):
    pair = sandbox.personas["tone_pair"]
    birth_date = "1990-01-01"
    for _ in range(5):
        answer = verify(notary, pair["first"], pair["second_name"], birth_date)
        assert answer.outcome == common.OUTCOME_MISMATCH
        levels = {finding.field: finding.level for finding in answer.verdict.findings}
        assert levels[common.CLAIM_FIELD_FULL_NAME] == common.FINDING_LEVEL_UNACCENTED_EQUAL
    before = sandbox.calls()
    with pytest.raises(Refused) as caught:
        verify(notary, pair["first"], pair["first_name"], birth_date)
    refused = caught.value
    assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "GUESS_LIMIT")
    assert refused.retry_after is None, "it holds until the day ends"
    assert sandbox.calls() == before
    assert auditor.entry(refused.receipt[0]).reason == "GUESS_LIMIT"


def test_a_registry_that_asks_for_patience_is_asked_again_after_it(sandbox, notary):
    spouse = sandbox.families[2]["spouse"]
    fault = {"registry": "population", "fault": {"kind": "too_many", "retry_after_s": 1}, "times": 1}
    try:
        sandbox.control("/faults", fault, "POST")
        with pytest.raises(Refused) as caught:
            request = population_pb2.VerifyIdentityRequest(full_name=spouse["name"], birth_date=spouse["birth_date"])
            request.purpose.registered_purpose_id = "identity-verification"
            request.subject.personal_id = spouse["id"]
            ask(PopulationServiceStub(notary).VerifyIdentity, request, attempts=1)
        refused = caught.value
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "SOURCE_THROTTLED")
        assert refused.facts["registry"] == "population" and refused.facts["retry"] == "later"
        assert 0 < refused.retry_after <= 1 and refused.receipt

        sandbox.control("/faults", fault, "POST")
        began = time.monotonic()
        answer = verify(notary, spouse["id"], spouse["name"], spouse["birth_date"])
        assert answer.outcome == common.OUTCOME_MATCH
        assert time.monotonic() - began >= 0.5, "it was not asked again at once"
    finally:
        sandbox.control("/faults", method="DELETE")


def test_the_examples_run_as_the_readme_shows(sandbox):
    def run(script: str, *args: str):
        command = [sys.executable, HERE / script, sandbox.folder, *args]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    family, code = sandbox.families[0], sandbox.next_code()
    applicant, certificate = family["applicant"], family["certificate"].replace(" ", "")
    ended = run("dossier.py", code, sandbox.agency, applicant["id"], certificate)
    assert ended.returncode == 0, ended.stderr
    assert "1 of 2 papers need not be handed in" in ended.stdout
    assert f"Họ, chữ đệm và tên: {applicant['name']}" in ended.stdout

    # The same code again: told in full, on standard error, and the exit code says no.
    ended = run("dossier.py", code, sandbox.agency, applicant["id"], certificate)
    assert ended.returncode == 1 and "ALREADY_EXISTS DOSSIER_EXISTS" in ended.stderr, ended
    assert "Dùng hồ sơ đã có" in ended.stderr and "audit entry" in ended.stderr

    ended = run("verify.py", applicant["id"], applicant["name"], applicant["birth_date"])
    assert ended.returncode == 0 and "OUTCOME_MATCH ASSURANCE_HIGH" in ended.stdout, ended
