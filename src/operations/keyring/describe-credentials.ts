import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import {
  BROKER_COLUMNS,
  brokerColumns,
  keyIdOf,
  openCredential,
} from '../../platform/secrets/broker-credentials.ts';
import { inspectEnvelope } from '../../platform/secrets/envelope.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { findCredentials, whenSet } from '../../trading/users/credentials.ts';

/** The state, key and length of each broker credential of a user, without decrypting any. Throws USER_NOT_FOUND. */
export async function describeCredentials(source: Source, user: UserId) {
  const credentials = await findCredentials(source, user);
  const dates = await whenSet(source.db, user);
  return brokerColumns(source).map((field) => {
    const stored = credentials[field];
    if (stored === '') return { field, value: null, state: 'none', key_id: null, length: null, set_at: null };
    const envelope = inspectEnvelope(stored);
    const state =
      'problem' in envelope
        ? { state: envelope.problem, key_id: null, length: null }
        : { state: 'encrypted', key_id: envelope.keyId, length: envelope.length };
    return { field, value: '****', ...state, set_at: dates.get(field) ?? null };
  });
}

/** Decrypts each stored broker credential of a user and tells which fail. Loads no key ring where nothing is stored. */
export async function decryptCredentials(ctx: Context, user: UserId) {
  const credentials = await findCredentials(await ctx.source(), user);
  const stored = BROKER_COLUMNS.filter((field) => credentials[field] !== '');
  if (stored.length === 0) return [];
  const ring = await loadRing(ctx);
  return stored.map((field) => {
    const opened = openCredential(ring, credentials, field);
    if ('problem' in opened) return { ...opened.problem, state: 'fail' };
    return { field, state: 'ok', key_id: keyIdOf(credentials[field]), code: null, problem: null };
  });
}
