import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RATE_LIMITS } from '../../../src/domain/rate-limits.ts';
import type { TestDatabase } from '../databases.ts';
import type { StandIn } from './server.ts';
import { newTotpSecret } from './tokens.ts';
import type { StandInClient } from './types.ts';

/** Points a database at a stand-in. It needs a key ring: `giveRing`. */
export function giveBroker(db: TestDatabase, standIn: StandIn): void {
  db.env['PINNACLE_BROKER'] = 'angelone';
  db.env['PINNACLE_BROKER_URL'] = standIn.url;
}

/** Makes a user a client of the stand-in, with all credentials and a client code; not logged in yet. */
export async function giveClient(db: TestDatabase, standIn: StandIn, user: string): Promise<StandInClient> {
  const client = standIn.addClient({
    clientCode: `C${randomBytes(4).toString('hex').toUpperCase()}`,
    apiKey: `canary-key-${randomBytes(6).toString('hex')}`,
    pin: String(10_000_000 + (randomBytes(4).readUInt32BE() % 89_999_999)),
    totpSecret: newTotpSecret(),
  });
  const secrets = {
    broker_api_key: client.apiKey,
    broker_secret: client.pin,
    broker_totp: client.totpSecret,
  };
  for (const [field, stdin] of Object.entries(secrets)) {
    const set = ['user', 'credentials', 'set', user, '--field', field, '--secret-stdin'];
    const { code, stderr } = await db.cliWith({ stdin }, ...set);
    if (code !== 0) throw new Error(stderr);
  }
  await db.query('INSERT INTO broker_accounts (user_id, client_code) VALUES ($1, $2)', [
    user,
    client.clientCode,
  ]);
  return client;
}

/** Gives a user a session without a login, as one that another process began. */
export async function giveSession(db: TestDatabase, standIn: StandIn, user: string, client: StandInClient) {
  const token = standIn.issue(client.clientCode);
  const set = ['user', 'credentials', 'set', user, '--field', 'broker_token', '--secret-stdin'];
  const { code, stderr } = await db.cliWith({ stdin: token }, ...set);
  if (code !== 0) throw new Error(stderr);
  await db.query(
    `UPDATE broker_accounts SET logged_in_at = timezone('UTC', now()), token_expires_at = timezone('UTC', now()) + interval '6 hours'
     WHERE user_id = $1`,
    [user],
  );
  return token;
}

/** Sets the limits of all methods; without a text, those of the vendor count again. Far ones keep nothing waiting. */
export function giveLimits(db: TestDatabase, text?: string): void {
  const path = join(mkdtempSync(join(tmpdir(), 'pinnacle-limits-')), 'config.json');
  const methods = text === undefined ? [] : Object.keys(DEFAULT_RATE_LIMITS);
  const rateLimits = Object.fromEntries(methods.map((method) => [method, text]));
  writeFileSync(path, JSON.stringify({ broker: { rateLimits } }), { mode: 0o600 });
  db.env['PINNACLE_CONFIG'] = path;
}

/** Makes a symbol known under its number at the broker. */
export async function giveInstrument(db: TestDatabase, symbol: string, token: string): Promise<void> {
  await db.query(
    `INSERT INTO instruments (exchange, symbol, trading_symbol, token, series, kind)
     VALUES ('NSE', $1, $2, $3, 'EQ', 'EQ')`,
    [symbol, `${symbol}-EQ`, token],
  );
}
