import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import type { Program } from '../model/check.ts';
import { mutant } from '../model/mutant.ts';

const CANARY = 'cAnArY7531';

describe.each(servers)('no secret leaves the program', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await db.query(
      `INSERT INTO users (user_id, name, email, api_key) VALUES ('u1', 'A', 'a@example.com', '${CANARY}-hash')`,
    );
    await db.query('ALTER TABLE users DISABLE TRIGGER users_broker_envelope');
    await db.query(
      `UPDATE users SET broker_api_key = '${CANARY}-a', broker_secret = '${CANARY}-b', broker_token = '${CANARY}-c'`,
    );
    await db.query('ALTER TABLE users ENABLE TRIGGER users_broker_envelope');
  });
  afterAll(() => db.close());

  /** Commands that meet the row, work or not; a rule of the database's own refuses some with the whole row as detail. */
  const COMMANDS = [
    ['user', 'list', '--json'],
    ['user', 'show', 'u1'],
    ['user', 'show', 'u1', '--json'],
    ['user', 'credentials', 'show', 'u1', '--json'],
    ['user', 'credentials', 'verify', 'u1', '--json'],
    ['user', 'add', '--user-id', 'u1', '--name', 'B', '--email', 'b@example.com'],
    ['user', 'add', '--user-id', 'u2', '--name', 'B', '--email', 'a@example.com'],
    ['session', 'start', '--user', 'u1'],
    ['keys', 'status', '--json'],
    ['keys', 'verify'],
    ['access', 'plan'],
    ['doctor'],
    ['order', 'list', `--token=${CANARY}`],
  ];

  it('not by any command that meets one, with --debug neither', { timeout: 120_000 }, async () => {
    for (const argv of COMMANDS) {
      const { stdout, stderr } = await db.cli(...argv, '--debug');
      expect(`${stdout}${stderr}`, argv.join(' ')).not.toContain(CANARY);
    }
    const { rows } = await db.query('SELECT body, target FROM audit_log');
    expect(JSON.stringify(rows)).not.toContain(CANARY);
  });

  /** A command that the database refuses with a whole row as message, detail and hint. */
  const failing = async (program: Program) => {
    await db.query(`CREATE OR REPLACE FUNCTION spill() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'row %', OLD USING DETAIL = OLD::text, HINT = OLD::text; END $$`);
    await db.query(
      'CREATE OR REPLACE TRIGGER spill BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION spill()',
    );
    return program(['user', 'revoke-key', 'u1', '--yes', '--json', '--debug'], { env: db.env });
  };

  it('not where the database itself spills a row; the same search finds it with the serialiser off', async () => {
    const { code, stdout, stderr } = await failing(cli);
    expect(code).not.toBe(0);
    expect(`${stdout}${stderr}`).not.toContain(CANARY);
    const raw = await mutant({
      file: 'src/db/sqlstate.ts',
      right: ['`The database reported an error ($', '{state}).`'].join(''),
      wrong: 'error.message',
    });

    expect((await failing(raw)).stderr).toContain(CANARY);
  });

  it('a password in the URL is in no error', async () => {
    for (const url of [
      `postgres://u:${CANARY}@127.0.0.1:1/x`,
      `postgres://u:${CANARY}@db.invalid/x?sslmode=disable`,
      `postgres://u:${CANARY}%zz@[bad/x`,
      `postgres://u:${CANARY}@127.0.0.1:1/x?sslrootcert=/absent`,
    ]) {
      const { code, stdout, stderr } = await cli(['order', 'list', '--debug'], {
        env: { DATABASE_URL: url },
      });
      expect([7, 78], url).toContain(code);
      expect(`${stdout}${stderr}`).not.toContain(CANARY);
    }
  });
});
