import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startWith } from '../helpers/process.ts';
import { giveRing } from '../helpers/ring.ts';
import { type StandIn, startStandIn } from '../helpers/stand-in/server.ts';
import { passwordAt } from '../helpers/stand-in/tokens.ts';
import { giveBroker, giveClient } from '../helpers/stand-in/trader.ts';
import type { StandInClient } from '../helpers/stand-in/types.ts';
import { takeApart } from '../operations/backup/forge.ts';

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

const EXPORTS = [
  'order export --format csv',
  'order export --format ndjson',
  'position export --format csv',
  'session export --format csv',
  'notification export --format ndjson',
  'audit export --format ndjson',
  'audit export --format csv',
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

  /** Otherwise every login would wait for the next one-time password. */
  const forgetPasswords = async () => {
    for (const step of standIn.passwords.get(client.clientCode) ?? []) steps.add(Number(step));
    standIn.passwords.clear();
    await db.query('UPDATE broker_accounts SET totp_step = NULL');
  };

  const run = async (line: string) => {
    for (const json of [[], ['--json']]) {
      await forgetPasswords();
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

  it.runIf(existsSync('/proc/self/cmdline'))(
    'are in no process list while commands run',
    async () => {
      const seen: string[] = [];
      const watch = async (stdin: string | undefined, ...argv: string[]) => {
        await forgetPasswords();
        const { child, ended } = startWith({ env: db.env, ...(stdin !== undefined && { stdin }) }, ...argv);
        const before = seen.length;
        let isRunning = true;
        void ended.finally(() => {
          isRunning = false;
        });
        while (isRunning) {
          seen.push(...processesOf(child.pid ?? 0));
          await sleep(10);
        }
        const { stdout, stderr } = await ended;
        printed.push(stdout, stderr);
        // That of the command itself, at least.
        expect(seen.slice(before).join('\n')).toContain(argv[0]);
      };
      standIn.control.latencyMs = 100;
      standIn.expireTokens();
      const set = ['user', 'credentials', 'set', 'trader_001', '--secret-stdin', '--field'];
      await watch(client.apiKey, ...set, 'broker_api_key');
      await watch(client.pin, ...set, 'broker_secret');
      await watch(client.totpSecret, ...set, 'broker_totp');
      await watch(undefined, 'broker', 'login', 'trader_001');
      await watch(undefined, 'broker', 'sync', 'trader_001');
      await given.order(db, { orderId: 'o5', symbol: 'SBIN', type: 'LIMIT', price: 100 });
      await watch(undefined, 'order', 'send', 'o5');
      standIn.control.latencyMs = 0;
      await forgetPasswords();
      expect(standIn.passwords.size).toBe(0);
      expect((await db.json('order', 'show', 'o5'))['status']).toBe('PLACED');
      expect(found(seen.join('\n'))).toEqual([]);
      expect(found(printed.join('\n'))).toEqual([]);
    },
    120_000,
  );

  it('are in no exported file, and in no backup', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-canary-'));
    const written: string[] = [];
    for (const [i, line] of EXPORTS.entries()) {
      const path = join(folder, `export-${i}`);
      const { code, stdout, stderr } = await db.cli(...line.split(' '), '--output', path);
      expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
      written.push(stdout, readFileSync(path, 'utf8'));
    }
    expect(written.some((text) => text.includes('cal_'))).toBe(true);
    const backup = join(folder, 'day.pinbackup');
    const { code, stderr } = await db.cli('backup', 'create', '--output', backup);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const { header, data, trailer } = takeApart(backup);
    const rows = data.toString('utf8');
    // The credentials are there, as envelopes, and so are the calls with what the broker answered.
    expect(rows).toContain('pne1.');
    expect(rows).toContain('Something Went Wrong');
    written.push(JSON.stringify([header, trailer]), rows);
    expect(found(written.join('\n'))).toEqual([]);
  });
});

/** Arguments and environment of a process and its children, as everybody on the machine, or its owner, sees them. */
function processesOf(pid: number): string[] {
  const read = (name: string) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ');
    } catch {
      // It has ended.
      return '';
    }
  };
  const children = read(`task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [read('cmdline'), read('environ'), ...children.flatMap(processesOf)];
}
