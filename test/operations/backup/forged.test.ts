import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS } from '../../../src/operations/backup/columns.ts';
import { findClient } from '../../helpers/binaries.ts';
import { databases, sampled, type TestDatabase } from '../../helpers/databases.ts';
import { backToStep } from '../../helpers/steps.ts';
import { contents, expectHealthy, liveADay, nameOf, withoutSession } from './book.ts';
import { forge, type Parts, takeApart, withRows } from './forge.ts';
import { type Forgery, forgeries, oldArchive } from './forgeries.ts';
import { CANARY } from './hostile-statements.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-forged-'));
// The server's own user must be able to leave a trace there.
chmodSync(folder, 0o777);
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const ALL = forgeries(folder);
/** Every one in `npm run test:backup`; in `npm test` each twelfth, so that every kind is there. */
const MOST = process.env['PINNACLE_BACKUP_KILLS'] ? ALL.length : Math.ceil(ALL.length / 12);
const some = ALL.filter((_each, i) => i % Math.ceil(ALL.length / MOST) === 0);

describe.each(databases)('a forged backup on $name', ({ name, openCold: open }) => {
  let good: Parts;
  let empty: TestDatabase;
  let book: TestDatabase;
  let before: unknown;
  beforeAll(async () => {
    [book, empty] = [await withoutSession(await open()), await withoutSession(await open(0))];
    // Format 1 knows no later step.
    await backToStep(book, 1);
    await liveADay(book);
    await book.json('backup', 'create', '--output', path('good'));
    const made = takeApart(path('good'));
    // Whoever has no key can only leave the mark out.
    good = { ...made, header: { ...made.header, key: null }, trailer: { ...made.trailer, mark: null } };
    before = await contents(book);
  });
  afterAll(() => Promise.all([book.close(), empty.close()]));

  /** Objects that only an executed statement makes. */
  const traces = async () => {
    const { rows } = await empty.query(
      `SELECT 'role' AS kind FROM pg_roles WHERE rolname = '${CANARY}' UNION ALL
       SELECT 'database' FROM pg_database WHERE datname = '${CANARY}' UNION ALL
       SELECT 'table ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
    );
    return [...rows, ...(existsSync(path(CANARY)) ? ['file'] : [])];
  };
  const crafted = ({ parts, compressed }: Forgery) => {
    const made = parts(good);
    return compressed ? forge(path('forged'), made, compressed(good)) : forge(path('forged'), made);
  };

  it('every table and column of ours is known by name', async () => {
    const full = await open();
    const { rows } = await full.query(
      `SELECT table_name AS table, array_agg(column_name::text ORDER BY column_name) AS columns
       FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1`,
    );
    const known = [...COLUMNS].map(([table, columns]) => ({ table, columns: [...columns].sort() }));
    expect(known.sort((a, b) => (a.table < b.table ? -1 : 1))).toEqual(rows);
    await full.close();
  });

  it('there are two hundred, and the original of each is as good as whole', async () => {
    expect(ALL.length).toBeGreaterThanOrEqual(200);
    for (const [file, parts] of [
      ['new', good],
      ['old', oldArchive(good)],
    ] as const) {
      const forged = forge(path(file), parts);
      const { code, stdout } = await book.cli('backup', 'verify', forged, '--deep', '--trust', '--json');
      expect({ code, problems: JSON.parse(stdout).problems }).toEqual({ code: 0, problems: [] });
      await book.json('backup', 'restore', forged, '--trust', '--confirm', nameOf(book));
      expect(await contents(book)).toEqual(before);
    }
    await expectHealthy(book, ['doctor ledger', 'audit verify']);
  });

  it.each(sampled(some))('$what', async (forgery) => {
    const file = crafted(forgery);
    const verified = await empty.cli('backup', 'verify', file, '--deep', '--trust', '--json');
    const restored = await empty.cli('backup', 'restore', file, '--trust', '--json', '--dry-run');
    if (forgery.harmless) expect([verified.code, restored.code]).toEqual([0, 0]);
    else {
      const again = await empty.cli('backup', 'restore', file, '--trust', '--json');
      expect({ verified: verified.code, restored: again.code, error: errorOf(again.stderr) }).toEqual({
        ...{ verified: 6, restored: 11 },
        error: expect.stringMatching(/^BACKUP_(DAMAGED|KEY_UNKNOWN)$/),
      });
    }
    expect(await traces()).toEqual([]);
  });

  it.runIf(name === 'server')('of unknown origin is loaded by a superuser only who trusts it', async () => {
    const file = forge(path('unknown'), good);
    for (const argv of [
      ['verify', file, '--deep'],
      ['restore', file],
    ]) {
      const refused = await empty.cli('backup', ...argv, '--json');
      expect({ code: refused.code, error: errorOf(refused.stderr) }).toEqual({
        code: 5,
        error: 'BACKUP_UNTRUSTED',
      });
    }
    expect((await empty.cli('backup', 'verify', file)).code).toBe(0);
    expect((await empty.cli('backup', 'verify', path('good'), '--deep')).code).toBe(0);
    expect(await traces()).toEqual([]);
  });

  it('where a key is configured, what it does not authenticate is refused everywhere, whatever its name', async () => {
    const keys = ['key', 'other'].map((key) => {
      writeFileSync(path(key), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
      return path(key);
    });
    const [key, other] = keys as [string, string];
    const backups = mkdtempSync(path('backups-'));
    const env = { PINNACLE_BACKUP_KEY_FILE: key, PINNACLE_BACKUP_DIR: backups };
    const at = (file: string) => join(backups, `${file}.pinbackup`);
    const make = async (file: string, keyFile: string, ...flags: string[]) => {
      const argv = ['backup', 'create', '--output', at(file), ...flags];
      expect((await book.cliWith({ env: { ...env, PINNACLE_BACKUP_KEY_FILE: keyFile } }, ...argv)).code).toBe(
        0,
      );
      return at(file);
    };
    const plain = await make('plain', key);
    const sealed = await make('sealed', key, '--encrypt');
    const second = await make('second', key, '--encrypt');
    const strange = await make('strange', other);
    for (const file of [plain, sealed, second])
      expect((await book.cliWith({ env }, 'backup', 'verify', file)).code).toBe(0);
    const { header, ...rest } = takeApart(plain);
    rmSync(`${strange}.verified`, { force: true });
    const bytes = { sealed: readFileSync(sealed), second: readFileSync(second) };
    const line = (file: Buffer) => file.subarray(0, file.indexOf(0x0a) + 1);
    const forged: Record<string, string> = {
      [strange]: 'not authenticated',
      [forge(at('unmarked'), good)]: 'not authenticated',
      [forge(at('remarked'), withRows({ header, ...rest }, 'strategies', ''))]: 'altered',
      [forge(at('renamed'), { header: { ...header, database: 'x' }, ...rest })]: 'altered',
      [forge(sealed, good)]: 'not authenticated',
    };
    writeFileSync(
      at('swapped'),
      Buffer.concat([line(bytes.second), bytes.sealed.subarray(line(bytes.sealed).length)]),
    );
    writeFileSync(
      at('opened'),
      bytes.sealed.toString('latin1').replace('"encrypted":true', '"encrypted":false'),
      'latin1',
    );
    const files = {
      ...forged,
      [at('swapped')]: 'altered',
      [at('opened')]: expect.stringMatching(/altered|cut/),
    };
    const listed = await book.cliWith({ env }, 'backup', 'list', '--json');
    const problems = Object.fromEntries(
      JSON.parse(listed.stdout).map((one: Row) => [one['path'], one['problem']]),
    );
    expect(problems).toEqual({ ...files, [plain]: null, [second]: null });
    for (const [file, problem] of Object.entries(files)) {
      const verified = await book.cliWith({ env }, 'backup', 'verify', file, '--deep', '--trust', '--json');
      expect({ code: verified.code, problem: JSON.parse(verified.stdout).problems[0].problem }).toEqual({
        code: 6,
        problem,
      });
      const argv = ['backup', 'restore', file, '--trust', '--confirm', nameOf(book), '--json'];
      expect(errorOf((await book.cliWith({ env }, ...argv)).stderr)).toMatch(
        /^BACKUP_(DAMAGED|NOT_AUTHENTICATED)$/,
      );
    }
    // The result of a verification is worth as much as the key of whoever stored it.
    const stored = JSON.parse(readFileSync(`${plain}.verified`, 'utf8'));
    writeFileSync(`${plain}.verified`, JSON.stringify({ ...stored, deep: true }));
    const after: Row[] = JSON.parse((await book.cliWith({ env }, 'backup', 'list', '--json')).stdout);
    expect(after.find((one) => one['path'] === plain)).toMatchObject({ verified_at: null, problem: null });
    expect(after.find((one) => one['path'] === second)).toMatchObject({ verified_at: expect.any(String) });
    for (const file of [plain, second]) rmSync(file);
    expect((await book.cliWith({ env }, 'backup', 'status', '--max-age', '26h')).code).toBe(6);
    expect(await contents(book)).toEqual(before);
  });

  it.runIf(name === 'server' && findClient('pg_dump'))(
    'an old one that pg_dump wrote is loaded without its grants and partitions',
    async () => {
      const source = await withoutSession(await open());
      await backToStep(source, 1);
      await liveADay(source);
      expect((await source.cli('access', 'apply', '--yes')).code).toBe(0);
      expect((await source.cli('partition', 'enable', 'orders', '--yes')).code).toBe(0);
      const wanted = await contents(source);
      await source.json('backup', 'create', '--output', path('of-now'));
      const { header, trailer } = oldArchive(takeApart(path('of-now')));
      const options = { encoding: 'buffer', maxBuffer: 2 ** 30 } as const;
      const data = execFileSync(findClient('pg_dump') ?? '', [String(source.env['DATABASE_URL'])], options);
      const names = Object.entries<number>(trailer.rows).map(([table, rows]) => [`public.${table}`, rows]);
      const rows = { ...Object.fromEntries(names), 'public.orders_ahead': 0 };
      const file = forge(path('pg-dump'), { header, data, trailer: { rows } });
      const target = await withoutSession(await open(0));
      await target.json('backup', 'restore', file, '--trust');
      expect(await contents(target)).toEqual(wanted);
      await expectHealthy(target, ['doctor ledger', 'audit verify', 'migrate drift']);
      await Promise.all([source.close(), target.close()]);
    },
  );
});

type Row = Record<string, unknown>;
const errorOf = (stderr: string) => JSON.parse(stderr.slice(stderr.indexOf('{"error'))).error.code;
