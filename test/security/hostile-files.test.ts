import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/util/failure.ts';
import { databases, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell } from '../helpers/process.ts';
import { giveRing } from '../helpers/ring.ts';
import { words } from '../helpers/words.ts';

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';
const TRADE = `${HEADER}\nt1,TCS,BUY,1,100,2026-01-05T10:00:00Z\n`;

/** Command lines that read a file, the exit code where it is no file to be read, and whether a pipe will do. */
const INPUTS: [line: string, exit: number, pipe: string | undefined][] = [
  ['order import FILE --as trades --user trader_001', 2, TRADE],
  ['order import TRADES --as trades --user trader_001 --map FILE', 2, undefined],
  ['import inspect FILE', 2, undefined],
  ['position mark --file FILE', 2, 'symbol,price\nTCS,1\n'],
  ['strategy add --file FILE', 2, '{"name":"S"}'],
  ['strategy update rsi --file FILE', 2, '{"name":"S"}'],
  ['audit verify --public-key FILE', 2, undefined],
  ['audit verify --anchor FILE', 74, undefined],
  ['user list --config FILE', 78, undefined],
  ['user credentials set trader_001 --field broker_secret --from-file FILE', 11, undefined],
];

/** Command lines that write a file. */
const OUTPUTS: [line: string, force: string | undefined][] = [
  ['audit export --output FILE', '--force'],
  ['user add --name N --email n@example.com --output-file FILE', undefined],
  ['order import TRADES --as trades --user trader_001 --keep-going --rejects FILE', undefined],
  ['config init --database embedded --time-zone UTC --config FILE', '--yes'],
];

describe.each(databases)('files on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  const path = (name: string) => join(folder, name);
  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    await given.user(db);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await db.close();
  });
  beforeEach(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-files-'));
  });

  const run = (line: string, file: string, signal?: AbortSignal) =>
    db.cliWith(
      signal ? { cwd: folder, signal } : { cwd: folder },
      ...words(line).map((word) => (word === 'FILE' ? file : word === 'TRADES' ? path('trades.csv') : word)),
    );

  describe.each(INPUTS)('%s', (line, exit, pipe) => {
    it.each(['/dev/zero', '/dev/full', 'folder'])('refuses %s', async (name) => {
      mkdirSync(path('folder'));
      const { code, stdout, stderr } = await run(line, name);
      expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
      expect(stderr).toMatch(/is no regular file|is a folder, not a file/);
    });

    it.runIf(process.getuid?.() !== 0)('refuses a file that may not be read', async () => {
      await writeFile(path('closed'), 'x');
      chmodSync(path('closed'), 0);
      const { code, stderr } = await run(line, 'closed');
      expect({ code, stderr }).toEqual({ code: exit, stderr: expect.stringContaining('may not be read') });
    });

    it(`${pipe ? 'waits for' : 'refuses'} a named pipe, and can be interrupted`, async () => {
      execFileSync('mkfifo', [path('pipe')]);
      const abort = new AbortController();
      const interrupted = new Failure('interrupted', 'INTERRUPTED', 'Interrupted.');
      const timer = setTimeout(() => abort.abort(interrupted), 500);
      const { code, stderr } = await run(line, path('pipe'), abort.signal);
      clearTimeout(timer);
      expect(code).toBe(pipe ? 130 : exit);
      if (!pipe) expect(stderr).toContain('is no regular file');
    });

    it.runIf(pipe)('reads what comes through a named pipe', async () => {
      execFileSync('mkfifo', [path('pipe')]);
      await writeFile(path('file'), pipe ?? '');
      const [piped] = await Promise.all([
        run(`${line} --dry-run`, path('pipe')),
        writeFile(path('pipe'), pipe ?? ''),
      ]);
      const plain = await run(`${line} --dry-run`, path('file'));
      expect({ ...piped, stderr: piped.stderr.replaceAll(path('pipe'), path('file')) }).toEqual(plain);
    });
  });

  it.each(['strategy add --file FILE', 'audit verify --public-key FILE', 'user list --config FILE'])(
    '%s takes at most 64 KiB',
    async (line) => {
      await writeFile(path('large'), ' '.repeat(65_537));
      expect((await run(line, 'large')).stderr).toContain('is larger than 64 KiB');
    },
  );

  it('a row of CSV without an end is refused, also from a pipe', async () => {
    await writeFile(path('row'), `${HEADER}\n${'x'.repeat(1_000_000)}`);
    const { code, stderr } = await run(INPUTS[0]?.[0] ?? '', 'row');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('line 2 is too long') });
  });

  describe.each(OUTPUTS)('%s', (line, force) => {
    beforeEach(() => writeFile(path('trades.csv'), `${HEADER}\nbad\n`));
    const untouched = async (file: string) => {
      for (const argv of [line, ...(force ? [`${line} ${force}`] : [])]) {
        const { code, stdout } = await run(argv, file);
        expect([2, 4, 5, 74, 78]).toContain(code);
        expect(stdout).toBe('');
      }
    };

    it('never writes through a symbolic link, dangling or not', async () => {
      await writeFile(path('victim'), 'precious');
      symlinkSync(path('victim'), path('link'));
      symlinkSync(path('absent'), path('dangling'));
      await untouched(path('link'));
      await untouched(path('dangling'));
      expect(readFileSync(path('victim'), 'utf8')).toBe('precious');
      expect(readdirSync(folder).sort()).toEqual(['dangling', 'link', 'trades.csv', 'victim']);
    });

    it('never takes the place of a folder or of what is no regular file', async () => {
      mkdirSync(path('folder'));
      execFileSync('mkfifo', [path('pipe')]);
      await untouched(path('folder'));
      await untouched(path('pipe'));
      expect((await stat(path('pipe'))).isFIFO()).toBe(true);
      expect(readdirSync(folder).sort()).toEqual(['folder', 'pipe', 'trades.csv']);
    });

    it('leaves a file that is there, and leaves nothing else', async () => {
      await writeFile(path('there'), 'precious');
      const { code } = await run(line, path('there'));
      expect([4, 5]).toContain(code);
      expect(readFileSync(path('there'), 'utf8')).toBe('precious');
      expect(readdirSync(folder).sort()).toEqual(['there', 'trades.csv']);
    });

    it('writes a file that only its owner can read', async () => {
      const { code } = await run(`${line} ${force ?? ''}`, path('new'));
      expect([0, 6]).toContain(code);
      expect((await stat(path('new'))).mode & 0o777).toBe(0o600);
      expect(readdirSync(folder).sort()).toEqual(['new', 'trades.csv']);
    });
  });
});

describe.each(servers)('a disk that is full, on $name', ({ open }) => {
  it.each([
    ['audit export --output out', 'out cannot be written'],
    ['order import trades.csv --as trades --user trader_001 --keep-going --rejects out', 'out cannot be'],
  ])('%s ends 74 and leaves no part of a file', async (line, message) => {
    const db = await open();
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-full-'));
    try {
      await given.user(db);
      await db.query(
        "INSERT INTO audit_log (command, target, body) SELECT 'c', 't', repeat('x', 1000) FROM generate_series(1, 300)",
      );
      await writeFile(join(folder, 'trades.csv'), `${HEADER}\n${'bad\n'.repeat(20_000)}`);
      const limited = `cd ${folder}; trap '' XFSZ; ulimit -f 100; $PINNACLE ${line} > /dev/null`;
      const { code, stderr } = await shell(db.env, limited);
      expect({ code, stderr }).toEqual({ code: 74, stderr: expect.stringContaining(message) });
      expect(readdirSync(folder)).toEqual(['trades.csv']);
      expect((await db.query('SELECT FROM orders')).rows).toEqual([]);
    } finally {
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
