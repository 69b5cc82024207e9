import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.ts';
import { complete } from '../../src/cli/complete.ts';
import { longFlags } from '../../src/cli/short-flags.ts';
import { NOUNS } from '../../src/program.ts';
import { cli } from '../helpers/cli.ts';
import { databases } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

describe('letters', () => {
  it.each([
    ['-q', ['--quiet']],
    ['-y', ['--yes']],
    ['-n', ['--dry-run']],
    ['-L', ['--limit']],
    ['-L50', ['--limit=50']],
    ['-L=50', ['--limit=50']],
    ['-o', ['--output']],
    ['-qyn', ['--quiet', '--yes', '--dry-run']],
    ['-qL5', ['--quiet', '--limit=5']],
    ['-ofile.csv', ['--output=file.csv']],
    ['-', ['-']],
    ['--', ['--']],
    ['-h', ['-h']],
    ['-qx', ['-qx']],
    ['-5', ['-5']],
    ['--quiet', ['--quiet']],
  ])('%s stands for %j', (word, flags) => {
    expect(longFlags(word)).toEqual(flags);
  });

  it.each([
    ['-q order list -L 5', 'order list', '--limit 5', { quiet: true }],
    ['order cancel o1 -yn', 'order cancel', 'o1', { yes: true, dryRun: true }],
    ['order export -o x.csv -q', 'order export', '--output x.csv', { quiet: true }],
    ['risk halt --reason -q', 'risk halt', '--reason -q', {}],
    ['order show -- -q', 'order show', '-- -q', {}],
  ])('%s', async (text, path, rest, globals) => {
    const line = await readCommandLine(NOUNS, text.split(' '));
    expect([line.path.join(' '), line.rest.join(' ')]).toEqual([path, rest]);
    expect(line.globals).toMatchObject(globals);
  });

  it('are in help, in its data and in completion', async () => {
    const { stdout } = await cli(['order', 'list', '--help']);
    for (const flag of ['-L, --limit <N>', '-q, --quiet', '-y, --yes', '-n, --dry-run'])
      expect(stdout).toContain(flag);
    const { global_flags: flags } = JSON.parse((await cli(['help', '--json'])).stdout);
    expect(flags).toContainEqual(expect.objectContaining({ name: 'yes', short: 'y' }));
    const typed = async (...words: string[]) =>
      (await complete(NOUNS, words)).suggestions.map(({ value }) => value);
    expect(await typed('order', 'list', '-')).toEqual(expect.arrayContaining(['-L', '-q', '--limit']));
    expect(await typed('order', 'list', '-q', '--q')).toEqual([]);
    expect((await complete(NOUNS, ['order', 'export', '-o', 'x'])).open).toMatchObject({
      placeholder: 'FILE',
    });
  });
});

describe('ls and rm', () => {
  it.each([
    ['order ls --limit 3', 'order list'],
    ['user sessions ls u', 'user logins list'],
    ['risk rm u MAX_DRAWDOWN', 'risk remove'],
    ['help order ls', 'order list'],
  ])('%s is %s', async (text, path) => {
    expect((await readCommandLine(NOUNS, text.split(' '))).path.join(' ')).toBe(path);
  });

  it('are what they stand for to the audit log and to who asks for help', async () => {
    const [alias, verb] = [await cli(['order', 'ls', '--help']), await cli(['order', 'list', '--help'])];
    expect(alias).toEqual(verb);
    expect((await cli(['order', '--help'])).stdout).not.toMatch(/\bls\b/);
  });

  it('are offered to whoever types them', async () => {
    const typed = async (word: string) =>
      (await complete(NOUNS, ['order', word])).suggestions.map(({ value }) => value);
    expect(await typed('l')).toEqual(['list', 'ls']);
    expect(await typed('')).not.toContain('ls');
    expect((await complete(NOUNS, ['order', 'ls', '--lim'])).suggestions).toHaveLength(1);
  });
});

describe('a word that is typed for another', () => {
  it.each([
    ['halt', 'risk halt'],
    ['stop', 'one of risk halt, strategy stop'],
    ['rename', 'one of user update, strategy update, symbol alias'],
    ['place', 'order place'],
    ['buy', 'order place'],
    ['drift', 'migrate drift'],
    ['order new', 'order place'],
    ['order get o1', 'order show'],
    ['user create', 'user add'],
    ['user delete u1', 'user disable'],
    ['strategy rename s1', 'strategy update'],
    ['order halt', 'risk halt'],
    ['user sessions delete', 'user logins revoke'],
    ['versoin', 'version'],
    ['ordr', 'order'],
  ])('%s: did you mean %s?', async (text, meant) => {
    const { code, stderr, stdout } = await cli(text.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`did you mean ${meant}?`);
  });

  it('means none of many', async () => {
    const { stderr } = await cli(['--', 'constructor']);
    expect(stderr).not.toContain('did you mean');
    expect((await cli(['frobnicate'])).stderr).toContain("Unknown command 'frobnicate'.");
  });

  it.each([
    ['order list --status pendng', '--status PENDING'],
    ['risk set u MAX_DRAWDWN 5', 'RULE_TYPE MAX_DRAWDOWN'],
    ['order place --user u --symbol TCS --side buyy --quantity 1', '--side BUY'],
  ])('%s: did you mean %s?', async (text, meant) => {
    const { code, stderr } = await cli(text.split(' '));
    expect(code).toBe(2);
    expect(stderr).toContain(`Did you mean ${meant}?`);
  });
});

describe('version', () => {
  it('says what this is, as --version does', async () => {
    const { code, stdout } = await cli(['version', '--json']);
    const { version } = JSON.parse(stdout);
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      ...{ code: 0, version, node: process.versions.node, schema_phase: 4 },
      commit: expect.stringMatching(/^(unknown|[0-9a-f]{10}.*)$/),
      postgres_client: expect.stringMatching(/^pg 8\./),
      embedded_engine: expect.stringMatching(/^PGlite \d/),
      schema_step: expect.any(Number),
      schema_steps: expect.any(Number),
    });
    expect((await cli(['version'])).stdout).toContain(`version\t${version}\n`);
  });
});

describe.each(databases)('an id that is not there on $name', ({ open }) => {
  it('is answered with the nearest that is, if any is near', async () => {
    const db = await open();
    await given.user(db, 'trader_001');
    await given.strategy(db, 'rsi_dmi');
    const hintOf = async (...argv: string[]) =>
      JSON.parse((await db.cli(...argv, '--json')).stderr).error as { code: string; hint: string | null };
    expect(await hintOf('user', 'show', 'tradr_001')).toMatchObject({
      code: 'USER_NOT_FOUND',
      hint: expect.stringMatching(/^Did you mean trader_001\?/),
    });
    expect((await hintOf('strategy', 'show', 'rsi_dim')).hint).toContain('Did you mean rsi_dmi?');
    expect((await hintOf('user', 'show', 'somebody')).hint ?? '').not.toContain('Did you mean');
    await db.close();
  });
});
