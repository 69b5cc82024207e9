import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { allCommands } from '../helpers/commands.ts';
import { databases, sampled, type TestDatabase } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));

const commands = await allCommands();
const requiredOf = ({ args, flags }: Command) =>
  [...Object.values(args), ...Object.values(flags)].filter(({ required }) => required);
const isJson = (text: string) => {
  JSON.parse(text);
  return true;
};

it('what a replica may answer says when it prints rows as it reads them', () => {
  const silent = commands.filter(
    ({ command: { reads, streams, flags } }) => reads && !streams && ('all' in flags || 'output' in flags),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
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

  it.each(sampled(commands.filter(({ command }) => requiredOf(command).length > 0)))(
    '$name without what it needs exits 2, and changes nothing',
    async ({ path }) => {
      const before = await fingerprint();
      const { code, stdout, stderr } = await db.cli(...path);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('needs');
      expect(await fingerprint()).toBe(before);
    },
  );

  // A repair asks only where there is something to repair; a dismissal needs one of several words.
  const asksLater = ['migrate repair', 'alert dismiss'];
  it.each(
    sampled(
      commands.filter(({ name, command }) => command.effect === 'destroy' && !asksLater.includes(name)),
    ),
  )('$name without consent exits 4, and changes nothing', async ({ path, command }) => {
    if (requiredOf(command).length > 0) return;
    const before = await fingerprint();
    const { code, stdout } = await db.cli(...path);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(await fingerprint()).toBe(before);
  });

  it.each(
    sampled(commands.filter(({ command }) => command.effect === 'read' && requiredOf(command).length === 0)),
  )('$name --json prints JSON and nothing else', async ({ path, command: { live, flags } }) => {
    // What is live ends only when it is told to, and prints an object a line.
    const until = live ? ['--for', '1s'] : [];
    // Rows that go to stdout are in a format of their own: of them --json is about the file.
    const output = 'output' in flags ? ['--output', join(folder, path.join('-'))] : [];
    const replaced = 'force' in flags ? ['--force'] : [];
    const listen = 'listen' in flags ? ['--listen', '127.0.0.1:0'] : [];
    const { code, stdout } = await db.cli(...path, '--json', ...until, ...output, ...replaced, ...listen);
    expect([0, 6]).toContain(code);
    for (const text of live ? stdout.split('\n').slice(0, -1) : [stdout]) expect(isJson(text)).toBe(true);
  });

  it.each(sampled(commands))(
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
