import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import type { Fields } from '../../src/cli/result.ts';
import type { CliOptions } from '../helpers/cli.ts';
import { allCommands } from '../helpers/commands.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, isSlow, remember } from '../helpers/day.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type ScreenRow, screenOf } from '../helpers/screen.ts';
import { words } from '../helpers/words.ts';

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  (await allCommands()).map(({ name, command }) => [name, command]),
);
const DAY = dayOf(await everyCommand());

const UTF8 = 'en_IN.UTF-8';
const MODES = {
  colour: { LANG: UTF8 },
  plain: { LANG: UTF8, NO_COLOR: '1' },
  ascii: { LANG: 'C' },
  dumb: { LANG: UTF8, TERM: 'dumb' },
} as const;
type Look = readonly [mode: keyof typeof MODES, columns: number, rows: number];
const LOOKS: readonly Look[] = [
  ...(['colour', 'plain', 'ascii', 'dumb'] as const).map((mode): Look => [mode, 80, 24]),
  ...(['colour', 'plain'] as const).map((mode): Look => [mode, 120, 40]),
  ...(['colour', 'ascii'] as const).map((mode): Look => [mode, 200, 60]),
];

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
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-screens-'));
  const ring = join(folder, 'keyring.json');
  const known: Record<string, string> = { secret: 'a broker secret' };
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    Object.assign(db.env, { PINNACLE_KEYRING_FILE: ring, REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), db.close()]);
    rmSync(folder, { recursive: true });
  });

  /** Runs a command on a terminal and looks at it. */
  async function look([mode, columns, rows]: Look, argv: readonly string[], options: CliOptions = {}) {
    const shown = await db.cliWith(
      { cwd: folder, ...options, tty: true, columns, env: { ...MODES[mode] } },
      ...argv,
    );
    const where = `${mode} ${columns}: pinnacle ${argv.join(' ')}`;
    const text = shown.stdout + shown.stderr;
    if (mode === 'plain' || mode === 'dumb') expect(STYLE.test(text), where).toBe(false);
    if (mode === 'ascii') expect(text, where).toMatch(/^[\0-\x7f]*$/);
    return { ...shown, where, screen: await screenOf(shown.stdout, { columns, rows }) };
  }

  /** Looks at what a command prints: no row of a table is longer than the terminal, and P&L can be read without colour. */
  async function lookAtTables(at: Look, path: string, argv: readonly string[], options: CliOptions) {
    const shown = await look(at, argv, options);
    expect([0, 6], `${shown.where}: ${shown.stderr}`).toContain(shown.code);
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

  /** Whatever a narrow screen shows of a list is whole, or ends with an ellipsis and begins like the whole. */
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
      .forEach((line, i) => {
        for (const cell of line.trim().split(/ {2,}/)) {
          const start = cell.endsWith(ellipsis) ? cell.slice(0, -ellipsis.length) : cell;
          expect(wide[i], `${where}: ${cell}`).toContain(start);
        }
      });
  }

  it('an empty list says what was looked for and what makes a row', async () => {
    const lists = [...COMMANDS].filter(([, { madeBy, args, flags }]) => {
      const params = [...Object.values(args), ...Object.values(flags)];
      return madeBy !== undefined && params.every(({ required }) => !required);
    });
    expect(lists.length).toBeGreaterThan(8);
    for (const [path, { madeBy }] of lists)
      for (const at of LOOKS) {
        const { stdout, stderr, where } = await look(at, path.split(' '));
        if (stdout !== '') continue;
        expect(stderr, where).toContain(`Nothing found by: pinnacle ${path}`);
        expect(stderr, where).toContain(`To make one: pinnacle ${madeBy}`);
      }
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
    for (const at of LOOKS) {
      const { code, stdout, stderr, where } = await look(at, [...words(line), '--no-input']);
      expect({ where, stdout, failed: code > 0 }).toEqual({ where, stdout: '', failed: true });
      expect(stderr.replace(new RegExp(STYLE, 'g'), ''), where).toContain(message);
    }
  });

  /** Looks at a read from everywhere, at the same moment of the clock. */
  async function lookFromEverywhere(path: string, argv: readonly string[], options: CliOptions) {
    const whole = await lookAtTables(['plain', 10_000, 60], path, argv, options);
    const [first] = tablesOf(whole.screen, COMMANDS.get(path)?.fields ?? {});
    const isList = first !== undefined && first[0]?.text === whole.screen[0]?.text;
    for (const at of LOOKS) {
      const shown = await lookAtTables(at, path, argv, options);
      if (isList && at[0] === 'plain') compareWith(whole.stdout, shown, '…');
    }
  }

  const isLookedAtOnce = (path: string, argv: readonly string[]) => {
    const { effect, live } = COMMANDS.get(path) ?? {};
    return effect !== 'read' || live !== undefined || isSlow(path) || argv.includes('--force');
  };

  // Each test goes on from where the one before it left the book.
  it.each(DAY.map((line, i) => ({ name: 'sql' in line ? line.sql : line.text, line, i })))(
    'fits and says without colour what it says: $name',
    async ({ line, i }) => {
      if ('sql' in line) return void (await db.query(line.sql));
      const argv = words(await fillIn(line.text, db, ring, known));
      const stdin = line.stdin && (await fillIn(line.stdin, db, ring, known));
      const options = stdin ? { stdin, redirected: true } : {};
      if (!isLookedAtOnce(line.path, argv))
        return lookFromEverywhere(line.path, argv, { ...options, now: new Date() });
      const at = LOOKS[i % LOOKS.length] as Look;
      remember((await lookAtTables(at, line.path, argv, options)).stdout, known);
    },
  );
});
