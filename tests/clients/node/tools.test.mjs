// Tools that were not made for this gateway: buf curl over reflection, and
// openssl s_client, which gets nowhere without the right certificate.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sandbox } from './sandbox.mjs';

const PATIENCE = 20_000;
const BUF = new URL('../../node_modules/.bin/buf', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'motlan-tools-'));

after(() => {
  sandbox.close();
  rmSync(folder, { recursive: true });
});

/** Runs a program to its end: exit code, standard output, standard error. */
function run(program, args, { input, until } = {}) {
  return new Promise((ended, failed) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out = [];
    const err = [];
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      failed(new Error(`${program} does not end: ${Buffer.concat(err)}`));
    }, PATIENCE);
    child.stdout.on('data', (chunk) => {
      out.push(chunk);
      // What was waited for is there: a client that would stay is sent away.
      if (until?.(Buffer.concat(out))) child.kill();
    });
    child.stderr.on('data', (chunk) => err.push(chunk));
    child.stdin.on('error', () => {}); // closed by a peer that refused: its exit tells
    child.on('error', failed);
    child.on('close', (code) => {
      clearTimeout(late);
      ended({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() });
    });
    if (input) child.stdin.write(input);
    else child.stdin.end();
  });
}

const pem = (caller, name) => join(sandbox.client(caller), name);

function curl(caller, path, ...args) {
  const shown = caller ? ['--cert', pem(caller, 'cert.pem'), '--key', pem(caller, 'key.pem')] : [];
  const tls = ['--cacert', pem('portal', 'ca.pem'), ...shown];
  return run(BUF, ['curl', '--protocol', 'grpc', ...tls, ...args, `https://${sandbox.address}${path}`]);
}

test('buf curl lists the services by reflection, for a configured caller alone', async () => {
  const listed = await curl('portal', '', '--list-services');
  assert.equal(listed.code, 0, listed.err);
  const services = listed.out.toString().trim().split('\n').filter((name) => name.startsWith('motlan.'));
  assert.deepEqual(services.sort(), [
    'motlan.audit.v1.AuditService',
    'motlan.business.v1.BusinessService',
    'motlan.catalogue.v1.CatalogueService',
    'motlan.dossier.v1.DossierService',
    'motlan.insurance.v1.InsuranceService',
    'motlan.land.v1.LandService',
    'motlan.population.v1.PopulationService',
  ]);
  const stranger = await curl(undefined, '', '--list-services');
  assert.notEqual(stranger.code, 0);
  assert.ok(!stranger.out.includes('motlan.'), stranger.out.toString());
});

test('buf curl reads the catalogue with nothing but reflection', async () => {
  const path = '/motlan.catalogue.v1.CatalogueService/GetProcedure';
  const told = await curl('one-stop', path, '--data', '{"procedureCode":"1.004222"}');
  assert.equal(told.code, 0, told.err);
  const { procedure, catalogueDigest } = JSON.parse(told.out);
  assert.deepEqual([procedure.code, procedure.nameVi], ['1.004222', 'Đăng ký thường trú']);
  assert.match(catalogueDigest, /^[0-9a-f]{64}$/);
  const unknown = await curl('one-stop', path, '--data', '{"procedureCode":"9.999999"}');
  assert.equal(unknown.code, 5 << 3, 'NOT_FOUND');
});

test('buf curl learns nothing about a person without a purpose', async () => {
  const path = '/motlan.population.v1.PopulationService/GetPerson';
  const subject = { personalId: sandbox.families[0].applicant.id };
  const told = await curl('one-stop', path, '--data', JSON.stringify({ subject }));
  assert.equal(told.code, 7 << 3, 'PERMISSION_DENIED');
  assert.match(told.err, /PURPOSE_MISSING|a data question must carry a purpose/);
  assert.ok(!told.out.includes(sandbox.families[0].applicant.name));
});

/** A certificate for the portal from an authority of that name that is not the gateway's. */
function foreign(authority) {
  const path = (name) => join(folder, `${authority}-${name}`);
  const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const named = (name) => ['-subj', `/O=Motlan sandbox (synthetic)/CN=${name}`];
  openssl('req', '-x509', ...key, ...named(authority), '-days', '2', '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl('req', ...key, ...named('portal'), '-keyout', path('key.pem'), '-out', path('csr.pem'));
  writeFileSync(path('ext'), 'subjectAltName=URI:urn:motlan:system:portal\nextendedKeyUsage=clientAuth\n');
  const issue = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', path('ext')];
  openssl('x509', '-req', '-in', path('csr.pem'), ...issue, '-out', path('cert.pem'));
  return ['-cert', path('cert.pem'), '-key', path('key.pem')];
}

// An HTTP/2 client's first words: the preface and an empty SETTINGS frame.
const HELLO = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)]);
const FRAME = 9; // bytes of a frame's header
const SETTINGS = 4;

/** What `openssl s_client` gets for saying hello: application data, and what it says itself. */
function sClient(...args) {
  const to = ['-connect', sandbox.address, '-servername', 'localhost', '-CAfile', pem('portal', 'ca.pem')];
  const quiet = ['-verify_return_error', '-alpn', 'h2', '-quiet', '-no_ign_eof'];
  return run('openssl', ['s_client', ...to, ...quiet, ...args], { input: HELLO, until: (out) => out.length >= FRAME });
}

const mine = ['-cert', pem('portal', 'cert.pem'), '-key', pem('portal', 'key.pem')];

test('control: openssl s_client with the right certificate is answered', async () => {
  const told = await sClient('-tls1_3', ...mine);
  assert.ok(told.out.length >= FRAME, told.err);
  assert.equal(told.out[3], SETTINGS, 'an HTTP/2 server begins with SETTINGS');
});

const refused = [
  ['without a certificate', ['-tls1_3'], 116], // certificate_required
  ['with a certificate of a foreign authority', ['-tls1_3', ...foreign('Another CA')], 48], // unknown_ca
  ['with one of an authority that took the name', ['-tls1_3', ...foreign('Motlan sandbox CA')], 51], // decrypt_error
  ['with TLS 1.2 and the right certificate', ['-tls1_2', ...mine], 70], // protocol_version
  ['with TLS 1.2 and no certificate', ['-tls1_2'], 70],
];
for (const [how, args, alert] of refused) {
  test(`openssl s_client ${how} gets nowhere`, async () => {
    const told = await sClient(...args);
    assert.equal(told.out.length, 0, 'no application data');
    assert.notEqual(told.code, 0);
    assert.match(told.err, new RegExp(`SSL alert number ${alert}\\b`));
  });
}
