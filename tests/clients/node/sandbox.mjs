// A running sandbox, its people, and what the auditor sees.
// tests/clients/run starts the sandbox and names its folder in MOTLAN_SANDBOX.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, connect, contract } from './motlan.mjs';

const PATIENCE = 20_000; // the log's index is written off the response path

export const motlan = contract(new URL('../../../proto', import.meta.url).pathname);

const folder = process.env.MOTLAN_SANDBOX;
assert.ok(folder, 'MOTLAN_SANDBOX names no folder: start the tests with tests/clients/run');
const endpoints = JSON.parse(readFileSync(join(folder, 'endpoints.json')));
const claims = readFileSync(join(folder, 'clients/one-stop/officer.jwt'), 'utf8').split('.')[1];
const open = [];
let serial = 3000; // the other suite counts from elsewhere

async function control(path, method = 'GET', body) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(endpoints.sandbox_control + path, { method, headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? undefined : answer.json();
}

export const sandbox = {
  folder,
  control,
  address: endpoints.grpc.replace('127.0.0.1', 'localhost'),
  families: await control('/families'),
  personas: await control('/personas'),
  agency: JSON.parse(Buffer.from(claims, 'base64url')).agency,
  client: (caller) => join(folder, 'clients', caller),

  /** How often any registry was asked so far. */
  async calls() {
    const { counts } = await control('/calls');
    return Object.values(counts).flatMap(Object.values).reduce((sum, count) => sum + count, 0);
  },

  /** A client of that service as that caller. Closed by `close`. */
  connect(Service, caller, token) {
    const client = connect(Service, sandbox.address, sandbox.client(caller), token);
    open.push(client);
    return client;
  },

  close: () => open.splice(0).forEach((client) => client.close()),

  /** A dossier code of today, in Viet Nam, that nobody has used. */
  nextCode() {
    const day = new Date(Date.now() + 7 * 3600_000).toISOString().slice(2, 10).replaceAll('-', '');
    serial += 1;
    return `${sandbox.agency}-${day}-${serial}`;
  },

  subjects: (family) => [
    { role: 'applicant', subject: { personalId: family.applicant.id } },
    { role: 'certificate', subject: { certificateSerial: family.certificate.replace(' ', '') } },
  ],
};

/** Every entry is checked against its own hash: RFC 6962, over 0x00 and the leaf. */
function checked(entry) {
  const hash = createHash('sha256').update(Buffer.of(0)).update(entry.canonical).digest();
  assert.deepEqual(hash, entry.leafHash, `entry ${entry.index}`);
  assert.equal(JSON.parse(entry.canonical).index, entry.index);
  return entry;
}

/** The entry of that index, as the auditor reads it. */
export async function entryAt(index) {
  const auditor = sandbox.connect(motlan.audit.v1.AuditService, 'auditor', 'officer.jwt');
  return checked((await ask(auditor, 'getEntry', { index })).entry);
}

/** A dossier's entries, oldest first, once a search has seen the entry of that index. */
export async function entriesOf(dossierCode, through) {
  const auditor = sandbox.connect(motlan.audit.v1.AuditService, 'auditor', 'officer.jwt');
  const request = { dossierCode, pageSize: 200, order: 'ENTRY_ORDER_OLDEST_FIRST' };
  for (const deadline = Date.now() + PATIENCE; ; ) {
    const found = await ask(auditor, 'searchEntries', request);
    assert.equal(found.nextPageToken, '', 'one page was meant to do');
    if (found.indexedThrough > through) return found.entries.map(checked);
    assert.ok(Date.now() < deadline, `entry ${through} is not in the index after ${PATIENCE} ms`);
    await sleep(20);
  }
}
