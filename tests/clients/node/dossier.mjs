// Opens a dossier of 1.004222 (Đăng ký thường trú) as the portal, then resolves
// it as the commune's one-stop office: which papers need not be handed in?
//
// node dossier.mjs SANDBOX DOSSIER AGENCY APPLICANT CERTIFICATE

import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refused, ask, connect, contract } from './motlan.mjs';

const { DossierService } = contract(new URL('../../../proto', import.meta.url).pathname).dossier.v1;
const KINDS = { personalId: 'person', certificateSerial: 'certificate', enterpriseCode: 'enterprise' };

/** The portal's receipt of acceptance (giấy tiếp nhận hồ sơ): a compact JWS, EdDSA. */
export function acceptanceReceipt(keyFile, request) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const subjects = request.subjects.map(({ role, subject }) => {
    const [[key, value]] = Object.entries(subject);
    return { role, kind: KINDS[key], value };
  });
  const header = { alg: 'EdDSA', typ: 'motlan-acceptance+jwt', kid: 'portal' };
  const claims = {
    iss: 'portal',
    dossier: request.dossierCode,
    procedure: request.procedureCode,
    case: request.case ?? '',
    agency: request.agencyCode,
    subjects,
    iat: now,
    exp: now + 600,
  };
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign(null, Buffer.from(signed), createPrivateKey(readFileSync(keyFile)));
  return `${signed}.${signature.toString('base64url')}`;
}

/** Registers the dossier. Its requestId makes it safe to ask again. */
export function openDossier(portal, keyFile, dossier, agency, subjects) {
  const request = {
    requestId: randomUUID(),
    dossierCode: dossier,
    procedureCode: '1.004222',
    agencyCode: agency,
    subjects,
  };
  request.evidence = { acceptanceReceipt: acceptanceReceipt(keyFile, request) };
  return ask(portal, 'openDossier', request);
}

/** Each component as soon as it is decided, then the summary. */
export async function* resolve(office, dossier) {
  try {
    const stream = office.resolveDossier({ dossierCode: dossier }, { deadline: Date.now() + 60_000 });
    for await (const step of stream) yield step;
  } catch (error) {
    throw new Refused(error); // broke off? Ask again, for the components still missing
  }
}

async function main(sandbox, dossier, agency, applicant, certificate) {
  const { grpc } = JSON.parse(readFileSync(join(sandbox, 'endpoints.json')));
  const address = grpc.replace('127.0.0.1', 'localhost'); // a name, as in production
  const clients = join(sandbox, 'clients');
  const portal = connect(DossierService, address, join(clients, 'portal'), 'citizen.jwt');
  const office = connect(DossierService, address, join(clients, 'one-stop'), 'officer.jwt');
  const subjects = [
    { role: 'applicant', subject: { personalId: applicant } },
    { role: 'certificate', subject: { certificateSerial: certificate } },
  ];
  try {
    const opened = await openDossier(portal, join(clients, 'portal/receipt.key'), dossier, agency, subjects);
    console.log(`${opened.dossier.code} opened, audit entry ${opened.receipt.index}`);
    for await (const { component, summary } of resolve(office, dossier)) {
      if (summary) {
        console.log(`${summary.reused} of ${summary.total} papers need not be handed in`);
      } else if (component.outcome !== 'COMPONENT_OUTCOME_NOT_IN_CASE') {
        const outcome = component.outcome.replace('COMPONENT_OUTCOME_', '');
        console.log(`${outcome} ${component.reason}: ${component.name}\n  ${component.reasonVi}`);
        for (const { labelVi, values } of component.prefilled) console.log(`  ${labelVi}: ${values.join(', ')}`);
      }
    }
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    console.error(refused.message);
    process.exitCode = 1;
  } finally {
    portal.close();
    office.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(...process.argv.slice(2));
