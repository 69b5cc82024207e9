import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { start } from '../helpers/process.ts';

describe.each(databases)('--debug on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'trader_secret');
  });
  afterAll(() => db.close());

  const statements = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('sql  '));

  it('tells of every statement: how long, how many rows, and of its parameters the types alone', async () => {
    const { code, stdout, stderr } = await db.cli(
      'user',
      'show',
      'trader_secret',
      '--debug',
      '--json',
      'name',
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"name":"Asha Rao"}\n' });
    expect(statements(stderr)).toContainEqual(
      expect.stringMatching(/^sql {2}\d+\.\d ms {2}1 row {2}select .* from "users" .*\(\$1 text\)$/i),
    );
    expect(stderr).not.toMatch(/trader_secret|Asha/);
  });

  it('of a write as well, with its transaction', async () => {
    const { stderr } = await db.cli('user', 'update', 'trader_secret', '--name', 'Ravi Iyer', '--debug');
    const told = statements(stderr).join('\n');
    for (const part of [
      /ms {2}.*begin/i,
      /ms {2}1 row {2}update "users"/i,
      /insert into "audit_log"/i,
      /ms {2}.*commit/i,
    ])
      expect(told).toMatch(part);
    expect(told).not.toContain('Ravi');
  });

  it('of one that failed, with its code', async () => {
    await db.query('ALTER TABLE strategies RENAME TO elsewhere');
    const { code, stderr } = await db.cli('strategy', 'list', '--debug');
    await db.query('ALTER TABLE elsewhere RENAME TO strategies');
    expect(code).toBe(5);
    expect(statements(stderr)).toContainEqual(expect.stringMatching(/ms {2}failed: 42P01 {2}select/));
  });

  it('is silent otherwise', async () => {
    expect((await db.cli('user', 'list')).stderr).toBe('');
  });
});

describe('the stack of a failure in the built program', () => {
  it('names files of src, and lines that throw', async () => {
    const { ended } = start(
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      'user',
      'list',
      '--debug',
    );
    const { code, stderr } = await ended;
    expect(code).toBe(7);
    const frames = [...stderr.matchAll(/^ {2}at (?:async )?(src\/[\w/-]+\.ts):(\d+):\d+$/gm)];
    expect(frames.length).toBeGreaterThanOrEqual(4);
    const [[, file = '', line] = []] = frames;
    expect(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]).toContain('new Failure(');
    expect(stderr).not.toMatch(/dist\/[\w-]+\.js/);
  });

  it('is found in files that nothing else reads', () => {
    const chunks = readdirSync('dist').filter((name) => name.endsWith('.js'));
    for (const name of chunks)
      expect(readFileSync(`dist/${name}`, 'utf8')).not.toContain('sourceMappingURL=data');
    expect(readdirSync('dist/maps').every((name) => chunks.includes(name.replace(/\.map$/, '')))).toBe(true);
  });
});
