import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { servers } from '../../helpers/databases.ts';
import { ownSchema, runSql, type Server, startServer } from '../../helpers/postgres.ts';

// A server of its own: roles belong to all of it.
describe.each(servers)('access apply with less than a superuser', () => {
  let server: Server;
  const url = (login: string, database: string) =>
    server.url.replace('//postgres@/postgres?', `//${login}@/${database}?`);
  const asPostgres = (...statements: string[]) => runSql(server.url, ...statements);
  /** As the login of the rollout, beside one for daily work. */
  const as = (login: string, database: string, ...argv: string[]) =>
    cli(argv, {
      env: { DATABASE_URL: url('trading', database), PINNACLE_MIGRATE_URL: url(login, database) },
    });
  /** What is still to be done, as anybody may ask. */
  const plan = async (database: string) => {
    const { stdout } = await as('trading', database, 'access', 'plan', '--json', 'sql');
    return JSON.parse(stdout) as { sql: string }[];
  };

  beforeAll(async () => {
    server = await startServer();
    await asPostgres(
      'CREATE ROLE trading LOGIN',
      'CREATE ROLE plain LOGIN',
      'CREATE ROLE builder LOGIN CREATEROLE',
      'CREATE ROLE guest LOGIN CREATEROLE',
      'CREATE DATABASE plain OWNER plain',
      'CREATE DATABASE built OWNER builder',
    );
    await ownSchema(url('postgres', 'built'), 'builder');
  });
  afterAll(() => server?.stop());

  it.each([
    ['plain', 'plain', 'CREATEROLE'],
    ['guest', 'plain', 'to own the schema (ALTER SCHEMA public OWNER TO …)'],
  ])('%s, who may not, is told what is needed, and nothing is half done', async (login, database, needed) => {
    expect((await as('plain', database, 'migrate', 'up', '--to', '1')).code).toBe(0);
    const { code, stderr } = await as(login, database, 'access', 'apply', '--yes');
    expect({ code, stderr }).toMatchObject({ code: 12, stderr: expect.stringContaining(needed) });
    expect(await asPostgres("SELECT rolname FROM pg_roles WHERE rolname ~ '^pinnacle'")).toEqual([]);
  });

  it('who may make roles, but owns only the schema, is told that the tables are needed', async () => {
    await asPostgres('ALTER DATABASE plain OWNER TO guest');
    await ownSchema(url('postgres', 'plain'), 'guest');
    const { code, stderr } = await as('guest', 'plain', 'access', 'apply', '--yes');
    expect({ code, stderr }).toMatchObject({ code: 12, stderr: expect.stringContaining('or to own audit_') });
  });

  it.each([1, 2, 3, 4])('whoever owns it all brings phase %i there, once', async (phase) => {
    const up = await as('builder', 'built', 'migrate', 'up', '--to', String(phase));
    expect(up).toMatchObject({ code: 0 });
    const applied = await as('builder', 'built', 'access', 'apply', '--yes', '--json', 'sql');
    expect({ code: applied.code, stderr: applied.code ? applied.stderr : '' }).toEqual({
      code: 0,
      stderr: '',
    });
    expect(JSON.parse(applied.stdout)).not.toEqual([]);
    expect(await plan('built')).toEqual([]);
    expect((await as('builder', 'built', 'access', 'apply', '--json')).stdout).toBe('[]\n');
  });

  it('after which operators and cron can do their work, and their entries are sealed', async () => {
    await runSql(url('builder', 'built'), 'GRANT pinnacle_operator TO trading');
    const add = ['user', 'add', '--user-id', 'u1', '--name', 'A', '--email', 'a@example.com', '--json'];
    expect(await as('builder', 'built', ...add)).toMatchObject({ code: 0 });
    expect(await as('builder', 'built', 'audit', 'verify', '--json', 'unsealed')).toMatchObject({
      stdout: '{"unsealed":0}\n',
    });
    await runSql(url('builder', 'built'), 'CREATE ROLE job LOGIN', 'GRANT pinnacle_cron TO job');
    expect((await cli(['audit', 'seal'], { env: { DATABASE_URL: url('job', 'built') } })).code).toBe(0);
    await expect(runSql(url('guest', 'built'), 'SELECT audit_seal(1, false)')).rejects.toMatchObject({
      code: '42501',
    });
  });
});
