// What every Node.js caller of Motlan needs: a channel, and errors read in full.
// Made to be copied. It wants @grpc/grpc-js, @grpc/proto-loader, protobufjs and
// the folder proto/.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';

/** The contract, from the folder proto/: `contract(dir).dossier.v1.DossierService`. */
export function contract(protoDir) {
  const areas = ['audit', 'business', 'catalogue', 'dossier', 'insurance', 'land', 'population'];
  const files = areas.map((area) => `motlan/${area}/v1/${area}.proto`);
  const options = { includeDirs: [protoDir], longs: Number, enums: String, defaults: true, oneofs: true };
  return grpc.loadPackageDefinition(loader.loadSync(files, options)).motlan;
}

/** Calls a service as the system whose certificate lies in `folder`, acting with that token. */
export function connect(Service, address, folder, token) {
  const [ca, key, cert] = ['ca.pem', 'key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
  // The token is read at every call: it lives 15 minutes at most.
  const acting = grpc.credentials.createFromMetadataGenerator((_, tell) => {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', `Bearer ${readFileSync(join(folder, token), 'utf8').trim()}`);
    tell(null, metadata);
  });
  const tls = grpc.credentials.createSsl(ca, key, cert);
  return new Service(address, token ? grpc.credentials.combineChannelCredentials(tls, acting) : tls);
}

// The parts of google/rpc/status.proto and error_details.proto that the gateway sends.
const rpc = protobuf.parse(`syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message LocalizedMessage { string locale = 1; string message = 2; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message BadRequest { repeated FieldViolation field_violations = 1; }
  message FieldViolation { string field = 1; string description = 2; string reason = 3;
    LocalizedMessage localized_message = 4; }`).root;

/** Why the gateway did not answer. `reason` is stable: branch on it, not on texts. */
export class Refused extends Error {
  reason = ''; // empty where the call never reached the gateway
  facts = {}; // origin, retry, receipt_index, next_vi, …
  texts = {}; // by language: 'vi-VN', 'en-US'
  fields = []; // { field, reason, vi } of every value that is wrong
  retryAfter; // milliseconds; only where asking again can help

  constructor(error) {
    super(error.details);
    this.name = 'Refused';
    this.code = grpc.status[error.code];
    const [status] = error.metadata?.get('grpc-status-details-bin') ?? [];
    const details = status ? rpc.lookupType('google.rpc.Status').decode(status).details : [];
    for (const { typeUrl, value } of details) this.#read(typeUrl.split('/').pop(), value);
    const lines = [`${this.code} ${this.reason}: ${this.texts['vi-VN'] ?? error.details}`, this.facts.next_vi];
    lines.push(...this.fields.map(({ field, reason, vi }) => `${field} ${reason} ${vi}`));
    lines.push(this.receipt && `audit entry ${this.receipt.index}`);
    this.message = lines.filter(Boolean).join('\n  ');
  }

  #read(name, bytes) {
    const type = rpc.lookup(name, protobuf.Type);
    const detail = type?.toObject(type.decode(bytes), { longs: Number, defaults: true });
    if (name === 'google.rpc.ErrorInfo') {
      this.reason = detail.reason;
      this.facts = detail.metadata;
    } else if (name === 'google.rpc.LocalizedMessage') {
      this.texts[detail.locale] = detail.message;
    } else if (name === 'google.rpc.RetryInfo') {
      this.retryAfter = detail.retryDelay.seconds * 1e3 + detail.retryDelay.nanos / 1e6;
    } else if (name === 'google.rpc.BadRequest') {
      const wrong = ({ field, reason, localizedMessage: text }) => ({ field, reason, vi: text?.message ?? '' });
      this.fields = detail.fieldViolations.map(wrong);
    }
  }

  /** Where the refusal stands in the audit log. */
  get receipt() {
    const { receipt_index: index, receipt_leaf_hash: leafHash } = this.facts;
    return index === undefined ? undefined : { index: Number(index), leafHash };
  }
}

/** One call. Asks again only where the gateway says that it helps, and when it says so. */
export async function ask(client, method, request, { attempts = 3, seconds = 30 } = {}) {
  for (let left = attempts - 1; ; left -= 1) {
    try {
      const options = { deadline: Date.now() + seconds * 1000 };
      return await new Promise((answered, failed) => {
        client[method](request, options, (error, answer) => (error ? failed(error) : answered(answer)));
      });
    } catch (error) {
      const refused = new Refused(error);
      if (refused.retryAfter === undefined || left <= 0) throw refused;
      await sleep(refused.retryAfter);
    }
  }
}
