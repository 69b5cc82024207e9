import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { giveRing } from '../helpers/ring.ts';
import { type StandIn, startStandIn } from '../helpers/stand-in/server.ts';
import { passwordAt } from '../helpers/stand-in/tokens.ts';
import { giveBroker, giveClient } from '../helpers/stand-in/trader.ts';
import type { StandInClient } from '../helpers/stand-in/types.ts';

const COMMANDS = [
  'broker login trader_001',
  'broker funds trader_001',
  'broker funds --all',
  'broker status',
  'broker logout trader_001',
  'broker login --all --debug',
  'reconcile orders trader_001',
  'reconcile positions trader_001',
  'reconcile funds trader_001',
  'user show trader_001',
  'user credentials show trader_001',
  'user credentials verify trader_001',
  'audit list',
  'config show',
];

describe.each(servers)('secrets of the broker on $name', ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;
  let client: StandInClient;
  const printed: string[] = [];
  const steps = new Set<number>();

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    standIn = await startStandIn({ echoSecrets: true, totpWindow: 1 });
    giveBroker(db, standIn);
    client = await giveClient(db, standIn, await given.user(db));
  });
  afterAll(async () => {
    await standIn.stop();
    await db.close();
  });

  const run = async (line: string) => {
    for (const json of [[], ['--json']]) {
      // Otherwise every login would wait for the next one-time password.
      for (const step of standIn.passwords.get(client.clientCode) ?? []) steps.add(Number(step));
      standIn.passwords.clear();
      await db.query('UPDATE broker_accounts SET totp_step = NULL');
      const { stdout, stderr } = await db.cli(...line.split(' '), ...json);
      printed.push(stdout, stderr);
    }
  };

  /** What every table has, as text. */
  const everyRow = async () => {
    const { rows } = await db.query(
      `SELECT query_to_xml('SELECT * FROM ' || quote_ident(relname), false, false, '')::text AS text FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    return rows.map(({ text }) => String(text)).join('\n');
  };

  /** Orders of which some are refused, some get no answer, and all answers quote what was sent. */
  const sendOrders = async () => {
    await db.query(
      `INSERT INTO instruments (exchange, trading_symbol, symbol, token, series, kind, lot, tick)
       VALUES ('NSE', 'SBIN-EQ', 'SBIN', '3045', 'EQ', 'EQ', 1, 0.05)`,
    );
    standIn.control.next = { place: ['something-wrong-after', 'token-expired', 'fine', 'half-json'] };
    for (const id of ['o1', 'o2', 'o3', 'o4']) {
      await given.order(db, { orderId: id, symbol: 'SBIN', type: 'LIMIT', price: 100 });
      await run(`order send ${id}`);
      await run(`order show ${id}`);
    }
    await run('broker sync trader_001');
    expect((await db.query('SELECT FROM broker_calls')).rows.length).toBeGreaterThan(0);
  };

  const found = (output: string) => {
    const codes = [...steps].map((step) => passwordAt(client.totpSecret, step));
    return [
      ...[client.apiKey, client.pin, client.totpSecret, 'eyJ'].filter((secret) => output.includes(secret)),
      // Six digits of a time are none.
      ...codes.filter((code) => new RegExp(`(?<![\\d.])${code}(?!\\d)`).test(output)),
    ];
  };

  it('are in no output, error, log, audit entry or row while the broker echoes them', async () => {
    for (const line of COMMANDS) await run(line);
    // Each of these makes the broker answer with what it was sent.
    standIn.control.next = {
      login: ['something-wrong', 'token-expired'],
      funds: ['token-expired', 'token-expired'],
    };
    standIn.expireTokens();
    for (const line of COMMANDS.slice(0, 3)) await run(line);
    await sendOrders();
    await db.cliWith(
      { stdin: '87654321' },
      'user',
      'credentials',
      'set',
      'trader_001',
      '--field',
      'broker_secret',
      '--secret-stdin',
    );
    await run('broker login trader_001');
    expect(printed.join('')).toContain('Invalid email or password');
    const output = `${printed.join('\n')}\n${await everyRow()}`;
    expect(steps.size).toBeGreaterThan(0);
    expect(found(output)).toEqual([]);
    expect(output).not.toContain('87654321');
  });
});
