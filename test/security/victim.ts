import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Failure } from '../../src/util/failure.ts';
import type { CliOptions } from '../helpers/cli.ts';
import type { DatabaseKind } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { giveRing } from '../helpers/ring.ts';
import { words } from '../helpers/words.ts';
import { RAW } from './corpus.ts';

/** Where bad input may end: refused as such, not there, in need of an answer, refused by a rule or as an unfit file. */
const TRUTHFUL = [2, 3, 4, 5, 11, 74, 78];
/** What a spinner writes of its own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal is sent
const SPINNER = /\u001b\[\?(25|2026)[hl]/g;

/** A small book, a folder, and what runs a command line against both. */
export async function openVictim({ open }: DatabaseKind) {
  const cwd = mkdtempSync(join(tmpdir(), 'pinnacle-hostile-'));
  const db = await open();
  await giveRing(db);
  await given.user(db);
  await given.strategy(db, 'rsi_dmi');
  await db.json(
    ...words('order place --order-id ord_01 --user trader_001 --symbol TCS --side BUY --quantity 9'),
  );

  const fingerprint = async () =>
    JSON.stringify(
      (
        await db.query(`SELECT (SELECT count(*) FROM audit_log WHERE command <> 'denied') AS changes,
          (SELECT count(*) FROM users) AS users, (SELECT sum(total_capital) FROM users) AS capital,
          (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM notifications) AS notifications,
          (SELECT count(*) FROM risk_rules) AS rules, (SELECT count(*) FROM positions) AS positions`)
      ).rows,
    );
  let known = await fingerprint();

  /**
   * Runs a command line that holds hostile text: it ends soon, with a code that says why, neither stream has a raw
   * control, and what was refused has changed nothing.
   */
  const withstands = async (argv: readonly string[], options: CliOptions = {}) => {
    const about = JSON.stringify([argv.map((word) => word.slice(0, 80)), options.env ?? '']);
    // What goes on until it is interrupted.
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Failure('interrupted', 'INTERRUPTED', 'Over.')), 2_000);
    const started = process.cpuUsage();
    const { code, stdout, stderr } = await db.cliWith({ cwd, signal: abort.signal, ...options }, ...argv);
    const { user, system } = process.cpuUsage(started);
    clearTimeout(timer);
    expect(user + system, about).toBeLessThan(1_000_000);
    expect([0, 6, 130, ...TRUTHFUL], `${about} ${stderr}`).toContain(code);
    expect(`${stdout}${stderr.replace(SPINNER, '')}`, about).not.toMatch(RAW);
    expect(stderr.length, about).toBeLessThan(30_000);
    const now = await fingerprint();
    if (code !== 0 && code !== 6) expect(now, about).toBe(known);
    known = now;
    return { code, stdout, stderr };
  };
  return {
    db,
    cwd,
    withstands,
    async close() {
      rmSync(cwd, { recursive: true, force: true });
      await db.close();
    },
  };
}
