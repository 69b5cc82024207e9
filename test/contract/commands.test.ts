import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command, Verbs } from '../../src/cli/command.ts';
import { NOUNS } from '../../src/program.ts';
import { cli } from '../helpers/cli.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

interface Entry {
  path: string[];
  command: Command;
}

/** Every command of the program. */
async function allCommands(table: Verbs, path: string[] = []): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const [name, node] of Object.entries(table)) {
    if ('own' in node && node.own) found.push({ path: [...path, name], command: await node.own.load() });
    if ('verbs' in node) found.push(...(await allCommands(await node.verbs(), [...path, name])));
    else found.push({ path: [...path, name], command: await node.load() });
  }
  return found;
}

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));

const commands = (await allCommands(NOUNS)).map((entry) => ({ ...entry, name: entry.path.join(' ') }));
const requiredOf = ({ args, flags }: Command) =>
  [...Object.values(args), ...Object.values(flags)].filter(({ required }) => required);
const isJson = (text: string) => {
  JSON.parse(text);
  return true;
};

describe.each(commands)('$name', ({ path, command }) => {
  it('has help on stdout with its examples', async () => {
    const { code, stdout, stderr } = await cli([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      expect(stdout).toContain(`$ pinnacle ${example}`);
      expect(example.startsWith(path.join(' '))).toBe(true);
    }
  });

  it('refuses an unknown flag with exit 2', async () => {
    const { code, stdout } = await cli([...path, '--no-such-flag']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('refuses an unknown column with exit 2 and the list', async () => {
    const { code, stdout, stderr } = await cli([...path, '--json=no_such_column']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const { error } = JSON.parse(stderr);
    expect(error.hint).toContain(Object.keys(command.fields)[0]);
  });

  it('names its columns as the tables do', () => {
    for (const field of Object.keys(command.fields)) expect(field).toMatch(/^[a-z][a-z0-9_]*$/);
  });
});

describe.each(databases)('every command on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    // Something that taking a phase back would destroy.
    await db.query("INSERT INTO trading_halts (halt_id, reason, halted_by) VALUES ('h', 'test', 'tester')");
  });
  afterAll(() => Promise.all([db.close(), redis.stop()]));

  const fingerprint = async () =>
    JSON.stringify(
      (
        await db.query(`SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM orders) AS orders,
          (SELECT count(*) FROM strategies) AS strategies, (SELECT max(id) FROM audit_log) AS audit,
          (SELECT count(*) FROM pinnacle_migrations) AS phases`)
      ).rows,
    );

  it.each(commands.filter(({ command }) => requiredOf(command).length > 0))(
    '$name without what it needs exits 4, and changes nothing',
    async ({ path }) => {
      const before = await fingerprint();
      const { code, stdout, stderr } = await db.cli(...path);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toContain('needs');
      expect(await fingerprint()).toBe(before);
    },
  );

  // A repair asks only where there is something to repair.
  it.each(commands.filter(({ name, command }) => command.effect === 'destroy' && name !== 'migrate repair'))(
    '$name without consent exits 4, and changes nothing',
    async ({ path, command }) => {
      if (requiredOf(command).length > 0) return;
      const before = await fingerprint();
      const { code, stdout } = await db.cli(...path);
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(await fingerprint()).toBe(before);
    },
  );

  it.each(commands.filter(({ command }) => command.effect === 'read' && requiredOf(command).length === 0))(
    '$name --json prints JSON and nothing else',
    async ({ path, command: { live, flags } }) => {
      // What is live ends only when it is told to, and prints an object a line.
      const until = live ? ['--for', '1s'] : [];
      // Rows that go to stdout are in a format of their own: of them --json is about the file.
      const output = 'output' in flags ? ['--output', join(folder, path.join('-')), '--force'] : [];
      const { code, stdout } = await db.cli(...path, '--json', ...until, ...output);
      expect([0, 6]).toContain(code);
      for (const text of live ? stdout.split('\n').slice(0, -1) : [stdout]) expect(isJson(text)).toBe(true);
    },
  );

  it.each(commands)(
    '$name --json that fails prints an error object on stderr, and nothing on stdout',
    async ({ path }) => {
      const { code, stdout, stderr } = await db.cli(...path, '--json', '--columns', 'x', '--nonsense');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr).error).toMatchObject({
        code: expect.any(String),
        message: expect.any(String),
        retryable: false,
        changed: false,
      });
    },
  );

  it.each(['user', 'order', 'strategy', 'position', 'session', 'notification'])(
    '%s show of what is not there exits 3',
    async (noun) => {
      const { code, stdout, stderr } = await db.cli(noun, 'show', 'nothing', '--json');
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
      expect(JSON.parse(stderr).error.code).toBe(`${noun.toUpperCase()}_NOT_FOUND`);
    },
  );
});
