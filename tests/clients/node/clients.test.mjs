// The examples of the README against a running gateway, and how they fail.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { acceptanceReceipt, openDossier, resolve } from './dossier.mjs';
import { Refused, ask } from './motlan.mjs';
import { entriesOf, entryAt, motlan, sandbox } from './sandbox.mjs';
import { verify } from './verify.mjs';

const { DossierService } = motlan.dossier.v1;
const { PopulationService } = motlan.population.v1;
const receiptKey = join(sandbox.client('portal'), 'receipt.key');
const portal = sandbox.connect(DossierService, 'portal', 'citizen.jwt');
const office = sandbox.connect(DossierService, 'one-stop', 'officer.jwt');
const notary = sandbox.connect(PopulationService, 'verifier', 'officer.jwt');
const [family, stranger] = sandbox.families;

after(() => sandbox.close());

/** What a call that must be refused was told. */
async function refusal(call) {
  const refused = await call.then(() => assert.fail('it was answered'), (error) => error);
  assert.ok(refused instanceof Refused, refused);
  return refused;
}

async function opened() {
  const code = sandbox.nextCode();
  await openDossier(portal, receiptKey, code, sandbox.agency, sandbox.subjects(family));
  return code;
}

test('a dossier is opened, resolved and in the log', async () => {
  const code = sandbox.nextCode();
  const { dossier, receipt } = await openDossier(portal, receiptKey, code, sandbox.agency, sandbox.subjects(family));
  assert.equal(dossier.evidence, 'EVIDENCE_ACCEPTANCE_RECEIPT');
  assert.equal(dossier.state, 'DOSSIER_STATE_OPEN');

  const steps = [];
  for await (const step of resolve(office, code)) steps.push(step);
  const { summary } = steps.pop();
  const components = steps.map(({ component }) => component);
  const counted = components.filter(({ outcome }) => outcome !== 'COMPONENT_OUTCOME_NOT_IN_CASE');
  assert.equal(summary.total, 2);
  assert.deepEqual([counted.length, summary.reused, summary.unavailable, summary.actorAbsent], [2, 1, 0, false]);
  const of = (outcome) => counted.find((component) => component.outcome === outcome);
  const home = of('COMPONENT_OUTCOME_REUSED');
  assert.deepEqual([home.reason, home.source], ['RECORD_REUSED', 'REGISTRY_LAND']);
  const form = of('COMPONENT_OUTCOME_PREFILLED');
  assert.equal(form.reason, 'FORM_PREFILLED');
  const blank = (label) => form.prefilled.find(({ labelVi }) => labelVi === label).values;
  assert.deepEqual(blank('Họ, chữ đệm và tên'), [family.applicant.name]);
  assert.deepEqual(blank('Số định danh cá nhân'), [family.applicant.id]);
  assert.ok(form.prefilledFields >= 5 && form.prefilledFields === summary.prefilledFields);

  const entries = await entriesOf(code, Math.max(...components.map((component) => component.receipt.index)));
  const kinds = entries.map(({ kind }) => kind);
  assert.deepEqual([entries[0].index, kinds[0]], [receipt.index, 'ENTRY_KIND_DOSSIER_OPENED']);
  const intent = kinds.indexOf('ENTRY_KIND_ACCESS_INTENT');
  assert.ok(intent > 0 && intent < kinds.indexOf('ENTRY_KIND_ACCESS_OUTCOME'), 'the intent comes first');
  for (const component of components) {
    const entry = entries.find(({ index }) => index === component.receipt.index);
    assert.deepEqual([entry.kind, entry.reason], ['ENTRY_KIND_COMPONENT_DECIDED', component.reason]);
    assert.deepEqual(entry.leafHash, component.receipt.leafHash);
  }
  for (const { canonical } of entries) assert.ok(!canonical.includes(family.applicant.id));
});

test('without a person acting, outcomes are told and no values', async () => {
  const code = await opened();
  const blanks = [];
  let summary;
  for await (const step of resolve(sandbox.connect(DossierService, 'portal'), code)) {
    blanks.push(...(step.component?.prefilled ?? []));
    summary = step.summary;
  }
  assert.ok(summary.actorAbsent && summary.reused === 1);
  assert.ok(blanks.length >= 5 && blanks.every(({ withheld, values }) => withheld && values.length === 0));
});

test('a stranger is denied and recorded, and no registry is asked', async () => {
  const population = sandbox.connect(PopulationService, 'one-stop', 'officer.jwt');
  const purpose = { dossierCode: await opened() };
  const known = await ask(population, 'getPerson', { purpose, subject: { personalId: family.applicant.id } });
  assert.equal(known.outcome, 'OUTCOME_FOUND', 'control: the record of the applicant is told');

  const before = await sandbox.calls();
  const subject = { personalId: stranger.applicant.id };
  const refused = await refusal(ask(population, 'getPerson', { purpose, subject }));
  assert.deepEqual([refused.code, refused.reason], ['PERMISSION_DENIED', 'SUBJECT_NOT_IN_DOSSIER']);
  assert.deepEqual([refused.facts.origin, refused.facts.retry, refused.retryAfter], ['caller', 'after_change', undefined]);
  assert.equal(refused.texts['vi-VN'], 'Đối tượng được hỏi không thuộc hồ sơ.');
  assert.match(refused.facts.next_vi, /^Chỉ hỏi về đối tượng/);
  assert.equal(await sandbox.calls(), before);

  const entry = await entryAt(refused.receipt.index);
  assert.deepEqual([entry.kind, entry.reason], ['ENTRY_KIND_ACCESS_DENIED', 'SUBJECT_NOT_IN_DOSSIER']);
  assert.deepEqual([entry.leafHash.toString('hex'), entry.dossierCode], [refused.receipt.leafHash, purpose.dossierCode]);
  assert.ok(!entry.canonical.includes(stranger.applicant.id));
});

test('evidence that does not hold opens nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'motlan-node-'));
  try {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = join(folder, 'stranger.key');
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const code = sandbox.nextCode();
    const foreign = await refusal(openDossier(portal, key, code, sandbox.agency, sandbox.subjects(family)));
    assert.deepEqual([foreign.code, foreign.reason], ['PERMISSION_DENIED', 'EVIDENCE_INVALID']);
    assert.ok(foreign.receipt);

    // Signed by the portal, but over another applicant.
    const request = { requestId: code, dossierCode: code, procedureCode: '1.004222', agencyCode: sandbox.agency };
    const signed = acceptanceReceipt(receiptKey, { ...request, subjects: sandbox.subjects(stranger) });
    const evidence = { acceptanceReceipt: signed };
    const other = await refusal(ask(portal, 'openDossier', { ...request, subjects: sandbox.subjects(family), evidence }));
    assert.equal(other.reason, 'EVIDENCE_INVALID');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('every mistake of a request is told with its field', async () => {
  const refused = await refusal(verify(notary, '09708829887', 'Bùi Công Dũng', '1988-13-15'));
  assert.deepEqual([refused.code, refused.reason], ['INVALID_ARGUMENT', 'PERSONAL_ID_LENGTH']);
  assert.deepEqual(refused.fields, [
    { field: 'subject.personal_id', reason: 'PERSONAL_ID_LENGTH', vi: 'Số định danh cá nhân phải có đúng 12 chữ số.' },
    { field: 'birth_date', reason: 'DATE_CALENDAR', vi: 'Ngày, tháng này không có trong lịch.' },
  ]);
  assert.ok(!refused.message.includes('09708829887'));
});

test('a request full of mistakes is still answered whole', async () => {
  const subjects = Array.from({ length: 32 }, () => ({ role: 'no such role', subject: { certificateSerial: '12' } }));
  const request = { requestId: 'full', dossierCode: sandbox.nextCode(), procedureCode: '1.004222' };
  const wrong = { ...request, agencyCode: sandbox.agency, subjects, evidence: { assertion: {} } };
  const refused = await refusal(ask(portal, 'openDossier', wrong));
  assert.equal(refused.code, 'INVALID_ARGUMENT');
  assert.ok(Number(refused.facts.violations) >= 64 && refused.fields.length > 32);
});

test('an identity is verified: yes, no, and nobody', async () => {
  const { id, name, birth_date: birthDate } = family.applicant;
  const yes = await verify(notary, id, name, birthDate);
  assert.deepEqual([yes.outcome, yes.verdict.assurance], ['OUTCOME_MATCH', 'ASSURANCE_HIGH']);
  const entry = await entryAt(yes.receipt.index);
  assert.deepEqual([entry.operation, entry.outcome], ['verify_identity', 'OUTCOME_MATCH']);
  assert.deepEqual(entry.leafHash, yes.receipt.leafHash);

  const child = sandbox.families[3].children[0];
  const no = await verify(notary, child.id, child.name, '1950-01-01');
  assert.deepEqual([no.outcome, no.verdict.assurance], ['OUTCOME_MISMATCH', 'ASSURANCE_UNSPECIFIED']);
  const level = (field) => no.verdict.findings.find((finding) => finding.field === field).level;
  assert.equal(level('CLAIM_FIELD_FULL_NAME'), 'FINDING_LEVEL_EXACT');
  assert.equal(level('CLAIM_FIELD_BIRTH_DATE'), 'FINDING_LEVEL_DIFFERENT');

  const nobody = await verify(notary, sandbox.personas.unknown_person, 'Nguyễn Văn A', '1990-01-01');
  assert.equal(nobody.outcome, 'OUTCOME_NOT_FOUND');
});

test('a registry that asks for patience is asked again after it', async () => {
  const { id, name, birth_date: birthDate } = sandbox.families[4].spouse;
  const fault = { registry: 'population', fault: { kind: 'too_many', retry_after_s: 1 }, times: 1 };
  try {
    await sandbox.control('/faults', 'POST', fault);
    const purpose = { registeredPurposeId: 'identity-verification' };
    const request = { purpose, subject: { personalId: id }, fullName: name, birthDate };
    const refused = await refusal(ask(notary, 'verifyIdentity', request, { attempts: 1 }));
    assert.deepEqual([refused.code, refused.reason], ['UNAVAILABLE', 'SOURCE_THROTTLED']);
    assert.ok(refused.retryAfter > 0 && refused.retryAfter <= 1000 && refused.receipt);

    await sandbox.control('/faults', 'POST', fault);
    const began = Date.now();
    assert.equal((await verify(notary, id, name, birthDate)).outcome, 'OUTCOME_MATCH');
    assert.ok(Date.now() - began >= 500, 'it was not asked again at once');
  } finally {
    await sandbox.control('/faults', 'DELETE');
  }
});

/** Exit code, standard output and standard error of an example. */
function run(script, ...args) {
  const file = new URL(script, import.meta.url).pathname;
  return new Promise((ended) => {
    execFile(process.execPath, [file, sandbox.folder, ...args], { timeout: 60_000 }, (error, out, err) =>
      ended({ code: error ? error.code : 0, out, err }),
    );
  });
}

test('the examples run as the README shows', async () => {
  const { applicant, certificate } = family;
  const args = [sandbox.nextCode(), sandbox.agency, applicant.id, certificate.replace(' ', '')];
  const first = await run('dossier.mjs', ...args);
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /1 of 2 papers need not be handed in/);
  assert.ok(first.out.includes(`Họ, chữ đệm và tên: ${applicant.name}`));
  assert.equal(first.err, '', 'nothing but the answer');

  // The same code again: told in full, on standard error, and the exit code says no.
  const again = await run('dossier.mjs', ...args);
  assert.equal(again.code, 1);
  assert.match(again.err, /ALREADY_EXISTS DOSSIER_EXISTS[^]*Dùng hồ sơ đã có[^]*audit entry/);

  const verified = await run('verify.mjs', applicant.id, applicant.name, applicant.birth_date);
  assert.equal(verified.code, 0, verified.err);
  assert.match(verified.out, /OUTCOME_MATCH ASSURANCE_HIGH/);
});
