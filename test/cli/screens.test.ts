import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import type { Fields } from '../../src/cli/result.ts';
import { wallClock } from '../../src/util/time.ts';
import type { CliOptions } from '../helpers/cli.ts';
import { allCommands } from '../helpers/commands.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, isSlow, type Line, remember } from '../helpers/day.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type ScreenRow, screenOf } from '../helpers/screen.ts';
import { BOOK } from '../helpers/screens-book.ts';
import { type Shown, STORED_ZONE, screenStore, stableTexts } from '../helpers/stored-screens.ts';
import { words } from '../helpers/words.ts';

/** What compares with an engine that takes seconds to start, and more than a screen of statements. */
const SLOW = ['migrate drift', 'doctor', 'schema show', 'metrics print'];

/** The lines before the first one of this command. */
const upTo = (path: string, lines: readonly Line[]) =>
  lines.slice(
    0,
    lines.findIndex((line) => 'path' in line && line.path === path),
  );

/**
 * Where no midnight falls into this run: what is of today stays so. The other zone's name is as long, and what was traded
 * in years before fell on the same days there.
 */
const ZONE = / (22|23|00):/.test(wallClock(new Date().toISOString(), STORED_ZONE))
  ? 'Asia/Yakutsk'
  : STORED_ZONE;

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  (await allCommands()).map(({ name, command }) => [name, command]),
);
/** Up to the rollout's part, whose tables are those of every list, and which takes longer than all before. */
const DAY = upTo('partition enable', dayOf(await everyCommand())).filter(
  (line) => !('path' in line && SLOW.includes(line.path)),
);

const UTF8 = 'en_IN.UTF-8';
const MODES = {
  colour: { LANG: UTF8 },
  plain: { LANG: UTF8, NO_COLOR: '1' },
  ascii: { LANG: 'C' },
  dumb: { LANG: UTF8, TERM: 'dumb' },
} as const;
type Look = readonly [mode: keyof typeof MODES, columns: number, rows: number];
/** What is stored of a read. */
const SIZES: readonly Look[] = [
  ['plain', 80, 24],
  ['plain', 120, 40],
  ['plain', 200, 60],
];
/** What is held by rules alone. */
const OTHER_LOOKS: readonly Look[] = [
  ['colour', 80, 24],
  ['ascii', 80, 24],
  ['dumb', 80, 24],
  ['ascii', 200, 60],
];
const LOOKS: readonly Look[] = [...SIZES, ...OTHER_LOOKS];
/** The sizes, and every second of the others, in turn. */
const looksOf = (path: string) => [...SIZES, ...OTHER_LOOKS.filter((_, i) => i % 2 === path.length % 2)];

/** So much later than they happened are the times of things read: all are minutes ago. */
const LATER_MS = 15 * 60_000;
const WRITES_AT: Look = ['colour', 80, 24];
/** What is not stored: long text for programs, and `top`, which is seen whole by tests of its own. */
const UNSTORED = /^(completion|metrics|schema|schedule|top$)/;
/** What the settings of the tests would show otherwise. */
const SETTINGS = {
  DATABASE_URL: 'postgres://trading@db1:5432/pinnacle',
  REDIS_URL: 'redis://redis1:6379/0',
  PINNACLE_KEYRING_FILE: '/srv/pinnacle/keyring.json',
};
/** Writes that show a page of what is left to do, or a table beneath what they did. */
const PAGES = ['demo', 'user offboard'];
/** Says in words how old something is, or what is due, by the clock of the database. */
const isAged = (path: string) => path === 'status' || path === 'retention plan';
const nounOf = (path: string) => path.split(' ')[0] as string;

/** A name is shown as it is written, whatever the terminal makes of it. */
const NAME = /अनिता/g;

const ESCAPE = '\u001b';
const STYLE = new RegExp(`${ESCAPE}\\[[0-9;]*m`);
const GAIN = /^([+-](₹|Rs )[\d,]+\.\d\d|[+-]?[\d,]+\.\d\d%|(₹|Rs )0\.00|0\.00%|-)$/;

/** What stands in the tables of a screen: each begins with a row of names of columns, and ends with an empty row. */
function tablesOf(rows: readonly ScreenRow[], fields: Fields): ScreenRow[][] {
  const known = new Set(columnsOf(fields));
  const tables: ScreenRow[][] = [];
  let open = false;
  for (const row of rows) {
    const names = row.text.trim().split(/\s+/);
    if (row.text.trim() === '') open = false;
    else if (open) tables.at(-1)?.push(row);
    else if (names.length > 1 && names.every((name) => known.has(name))) {
      open = true;
      tables.push([row]);
    }
  }
  return tables;
}

const columnsOf = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([name, { of }]) => [name, ...(of ? columnsOf(of) : [])]);

/** The texts of the columns of what was won or lost; numbers end where the name of their column does. */
function gainsOf([head, ...rows]: readonly ScreenRow[]): string[] {
  const ends = [...(head?.text ?? '').matchAll(/(\w*pnl\w*|credited)(?= |$)/g)].map(
    ({ 0: name, index }) => index + name.length,
  );
  return rows.flatMap(({ text }) =>
    ends.map((end) => / {2}((?:Rs )?\S+|[+-]Rs \S+)$/.exec(text.slice(0, end))?.[1] ?? '-'),
  );
}

describe.each(servers)('screens on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  // As long as what stands for it in what is stored, so that lines break at the same words.
  const folder = mkdtempSync('/tmp/p-');
  const ring = join(folder, 'keyring.json');
  const store = screenStore(stableTexts(ZONE, folder));
  const known: Record<string, string> = { secret: 'a broker secret' };
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    Object.assign(db.env, { PINNACLE_KEYRING_FILE: ring, PINNACLE_TIME_ZONE: ZONE, REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), db.close()]);
    rmSync(folder, { recursive: true });
  });

  /** Runs a command on a terminal and looks at it. */
  async function look([mode, columns, rows]: Look, argv: readonly string[], options: CliOptions = {}) {
    let printed = '';
    const onText = (text: string) => {
      printed += text;
    };
    const shown = await db.cliWith(
      { cwd: folder, ...options, tty: true, columns, onText, env: { ...options.env, ...MODES[mode] } },
      ...argv,
    );
    const where = `${mode} ${columns}: pinnacle ${argv.join(' ')}`;
    const text = shown.stdout + shown.stderr;
    if (mode === 'plain' || mode === 'dumb') expect(STYLE.test(text), where).toBe(false);
    if (mode === 'ascii') expect(text.replaceAll(NAME, ''), where).toMatch(/^[\0-\x7f]*$/);
    return { ...shown, printed, columns, where, screen: await screenOf(shown.stdout, { columns, rows }) };
  }

  /** Looks at what a command prints: no row of a table is longer than the terminal, and P&L can be read without colour. */
  async function lookAtTables(at: Look, path: string, argv: readonly string[], options: CliOptions) {
    const shown = await look(at, argv, options);
    expect([0, 6], `${shown.where}: ${shown.stderr}`).toContain(shown.code);
    if (/^Nothing found by/m.test(shown.stderr) && path !== 'alert status')
      expect(shown.stderr, shown.where).toContain('To make one: pinnacle ');
    const { fields = {}, live } = COMMANDS.get(path) ?? {};
    if (live || argv.includes('--json') || argv.includes('--columns')) return shown;
    const styled = at[0] === 'colour' || at[0] === 'ascii';
    for (const table of tablesOf(shown.screen, fields)) checkTable(table, styled, shown.where);
    for (const { text } of shown.screen) checkValue(text, shown.where);
    return shown;
  }

  function checkTable(table: readonly ScreenRow[], isStyled: boolean, where: string): void {
    expect({ head: table[0]?.text, isStyled: table[0]?.isStyled }, where).toMatchObject({ isStyled });
    expect(
      table.filter(({ isWrapped }) => isWrapped),
      where,
    ).toEqual([]);
    for (const gain of gainsOf(table)) expect(gain, where).toMatch(GAIN);
  }

  /** A line of a page or a card with what was won or lost. */
  function checkValue(text: string, where: string): void {
    const [, value = '-'] = /^\w*pnl\w* +(\S.*)$/.exec(text) ?? [];
    if (!/[a-z]/.test(value)) expect(value, where).toMatch(GAIN);
  }

  /** Whatever a narrow screen shows of a list is whole, or is that around an ellipsis. */
  function compareWith(
    whole: string,
    { stdout, where }: { stdout: string; where: string },
    ellipsis: string,
  ) {
    // Some are told by the clock of the database.
    const timeless = (text: string) => text.replace(/\d\d:\d\d:\d\d/g, 'HH:MM:SS');
    const wide = timeless(whole).split('\n');
    timeless(stdout)
      .split('\n')
      // What helps stands beneath its row there.
      .filter((line) => !line.startsWith('  pinnacle '))
      .forEach((line, i) => {
        for (const cell of line.trim().split(/ {2,}/)) {
          const [start = '', end] = cell.split(ellipsis);
          expect(wide[i], `${where}: ${cell}`).toContain(start);
          if (end) expect(`${wide[i]} `, `${where}: ${cell}`).toContain(`${end} `);
        }
      });
  }

  it('an empty list says what was looked for and what makes a row', async () => {
    const lists = [...COMMANDS].filter(([, { madeBy, args, flags }]) => {
      const params = [...Object.values(args), ...Object.values(flags)];
      return madeBy !== undefined && params.every(({ required }) => !required);
    });
    expect(lists.length).toBeGreaterThan(8);
    for (const [path, { madeBy }] of lists) {
      const seen: Shown[] = [];
      for (const at of looksOf(path)) {
        const shown = await look(at, path.split(' '));
        const { stdout, stderr, where } = shown;
        if (stdout !== '') continue;
        if (SIZES.includes(at)) seen.push(shown);
        expect(stderr, where).toContain(`Nothing found by: pinnacle ${path}`);
        expect(stderr, where).toContain(`To make one: pinnacle ${madeBy}`);
      }
      await store.add('empty', path, 0, seen);
    }
  });

  it.each([
    ['charges show 2026-01-30', 'To make one: pinnacle order fill'],
    ['market rates --for 0s', 'The cache has no quotes. To make one: pinnacle market set'],
    ['report performance', 'Nothing was executed or paid in this time.'],
    ['report day 2026-01-30', 'Nothing was ordered or executed on this day.'],
    ['audit foreign', 'No other program has written anything here.'],
  ])('a read of nothing says so: %s', async (line, message) => {
    const seen: Shown[] = [];
    for (const at of SIZES) {
      const shown = await look(at, words(line));
      expect(shown.stderr.replaceAll(/\s+/g, ' '), shown.where).toContain(message);
      seen.push(shown);
    }
    await store.add('empty', line, 0, seen);
  });

  it.each([
    ['order list --user nobody', 'error: There is no user nobody.'],
    ['order list --status OPEN', 'error: --status must be'],
    ['order list --nonsense', "error: Unknown option '--nonsense'"],
    ['order show', 'error: '],
    ['ordr list', 'did you mean order?'],
    ['user withdraw nobody 5', 'error: There is no user nobody.'],
    ['order list --columns nothing', 'There is no column "nothing"'],
  ])('an error can be read everywhere: %s', async (line, message) => {
    const seen: Shown[] = [];
    let exit = 0;
    for (const at of LOOKS) {
      const shown = await look(at, [...words(line), '--no-input']);
      const { code, stdout, stderr, where } = shown;
      exit = code;
      if (SIZES.includes(at)) seen.push(shown);
      expect({ where, stdout, failed: code > 0 }).toEqual({ where, stdout: '', failed: true });
      expect(stderr.replace(new RegExp(STYLE, 'g'), ''), where).toContain(message);
    }
    await store.add('error', line, exit, seen);
  });

  it('the book of the screens is made', async () => {
    await db.json('risk', 'time-zone', ZONE);
    for (const line of BOOK) await db.json(...words(line));
  });

  /** Looks at a read from everywhere, at the same moment of the clock. */
  async function lookFromEverywhere(
    line: { path: string; text: string },
    argv: readonly string[],
    options: CliOptions,
  ) {
    const { path, text } = line;
    const whole = await lookAtTables(['plain', 10_000, 60], path, argv, options);
    const [first] = tablesOf(whole.screen, COMMANDS.get(path)?.fields ?? {});
    const isList = first !== undefined && first[0]?.text === whole.screen[0]?.text;
    const seen: Shown[] = [];
    for (const at of looksOf(path)) {
      const shown = await lookAtTables(at, path, argv, options);
      if (SIZES.includes(at)) seen.push(shown);
      if (isList && at[0] === 'plain' && !isAged(path)) compareWith(whole.stdout, shown, '…');
    }
    await keep(path, text, whole.code, seen);
  }

  async function keep(path: string, line: string, code: number, seen: readonly Shown[]) {
    if (!UNSTORED.test(path)) await store.add(nounOf(path), line, code, seen);
  }

  /** What a write has done is a line, or a table of several things; a finding shows all there is of it. */
  function checkAnswer(path: string, { code, screen, stdout, where }: Awaited<ReturnType<typeof look>>) {
    const { effect, live, fields = {} } = COMMANDS.get(path) ?? {};
    if (effect === 'read' || live || code !== 0 || stdout === '') return;
    if (tablesOf(screen, fields)[0]?.[0]?.text === screen[0]?.text) return;
    expect(screen[0]?.text, where).toMatch(/^✓ /);
  }

  const isLookedAtOnce = (path: string, argv: readonly string[]) => {
    const { effect, live } = COMMANDS.get(path) ?? {};
    return (
      effect !== 'read' ||
      live !== undefined ||
      isSlow(path) ||
      SLOW.includes(path) ||
      argv.includes('--force')
    );
  };

  // Each test goes on from where the one before it left the book.
  it.each(DAY.map((line) => ({ name: 'sql' in line ? line.sql : line.text, line })))(
    'fits and says without colour what it says: $name',
    async ({ line }) => {
      if ('sql' in line) return void (await db.query(line.sql));
      const text = line.text.replace(STORED_ZONE, ZONE).replace(/ --json$/, '');
      const argv = words(await fillIn(text, db, ring, known));
      const stdin = line.stdin && (await fillIn(line.stdin, db, ring, known));
      const options = stdin ? { stdin, redirected: true } : {};
      if (!isLookedAtOnce(line.path, argv))
        return lookFromEverywhere(line, argv, {
          ...options,
          ...(line.path === 'config show' ? { env: SETTINGS } : {}),
          now: new Date(Date.now() + (isAged(line.path) ? 0 : LATER_MS)),
        });
      const shown = await lookAtTables(WRITES_AT, line.path, argv, options);
      if (!PAGES.includes(line.path)) checkAnswer(line.path, shown);
      await keep(line.path, line.text.replace(/ --json$/, ''), shown.code, [shown]);
      remember(shown.stdout, known);
    },
  );

  it('all are as they are stored', async () => {
    for (const name of store.names())
      await expect.soft(store.textOf(name)).toMatchFileSnapshot(`screens/${name}.txt`);
    expect(readdirSync('test/cli/screens').sort()).toEqual(store.names().map((name) => `${name}.txt`));
  });
});
