// Is this the person they say they are? Yes or no, and no record.
//
// node verify.mjs SANDBOX PERSONAL_ID NAME BIRTH_DATE

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Refused, ask, connect, contract } from './motlan.mjs';

const { PopulationService } = contract(new URL('../../../proto', import.meta.url).pathname).population.v1;

export function verify(agency, personalId, fullName, birthDate) {
  const purpose = { registeredPurposeId: 'identity-verification' };
  return ask(agency, 'verifyIdentity', { purpose, subject: { personalId }, fullName, birthDate });
}

async function main(sandbox, personalId, name, birthDate) {
  const { grpc } = JSON.parse(readFileSync(join(sandbox, 'endpoints.json')));
  const address = grpc.replace('127.0.0.1', 'localhost'); // a name, as in production
  const notary = connect(PopulationService, address, join(sandbox, 'clients/verifier'), 'officer.jwt');
  try {
    const { outcome, verdict, receipt } = await verify(notary, personalId, name, birthDate);
    console.log(outcome, verdict.assurance);
    for (const { field, level, code } of verdict.findings) console.log(`  ${field}: ${level} ${code}`);
    console.log(`audit entry ${receipt.index}`);
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    // GUESS_LIMIT after five wrong tries about one person in a day
    console.error(refused.message);
    process.exitCode = 1;
  } finally {
    notary.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(...process.argv.slice(2));
