import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rolesFor } from '../../src/access/duties.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';

const LOGINS = ['operator', 'cron', 'readonly', 'auditor'] as const;

describe.each(servers)('access on $name', ({ open }) => {
  let db: TestDatabase;
  const tag = randomUUID().slice(0, 8);
  const login = (role: string) => `t_${role}_${tag}`;
  /** Runs a command as a member of one of the roles. */
  const as = (role: string, ...argv: string[]) => {
    const url = String(db.env['DATABASE_URL']).replace('//postgres@', `//${login(role)}@`);
    return db.cliWith({ env: { DATABASE_URL: url } }, ...argv);
  };
  const fingerprint = async () =>
    JSON.stringify(
      (
        await db.query(`SELECT (SELECT json_agg(u ORDER BY user_id) FROM users u) AS users,
          (SELECT json_agg(o ORDER BY order_id) FROM orders o) AS orders,
          (SELECT json_agg(s ORDER BY strategy_id) FROM strategies s) AS strategies,
          (SELECT json_agg(r ORDER BY rule_id) FROM risk_rules r) AS rules,
          (SELECT json_agg(p ORDER BY position_id) FROM positions p) AS positions,
          (SELECT count(*) FROM trading_sessions) AS sessions, (SELECT count(*) FROM notifications) AS notices,
          (SELECT count(*) FROM audit_log WHERE command <> 'denied') AS audit`)
      ).rows,
    );

  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(async () => {
    for (const role of [...LOGINS, 'owner']) {
      await db.query(`DROP OWNED BY ${login(role)}`).catch(() => {});
      await db.query(`DROP ROLE IF EXISTS ${login(role)}`);
    }
    await db.close();
  });

  it('is plain work as a superuser until roles are applied, and plan says what is missing', async () => {
    expect(
      (await db.cli('user', 'add', '--user-id', 'u1', '--name', 'A', '--email', 'a@example.com')).code,
    ).toBe(0);
    const { code, stdout } = await db.cli('access', 'plan', '--json');
    expect(code).toBe(6);
    expect(stdout).toContain('GRANT SELECT ON orders TO pinnacle_readonly');
  });

  it('a dry run changes nothing, apply brings it there, and then there is nothing to do', async () => {
    const before = await db.cli('access', 'plan', '--json');
    expect((await db.cli('access', 'apply', '--dry-run')).code).toBe(0);
    expect((await db.cli('access', 'plan', '--json')).stdout).toBe(before.stdout);
    const applied = await db.cli('access', 'apply', '--yes');
    expect({ code: applied.code, error: applied.code ? applied.stderr : '' }).toEqual({ code: 0, error: '' });
    expect(await db.json('access', 'plan')).toEqual([]);
    expect(await db.json('access', 'apply')).toEqual([]);
    const { rows } = await db.query("SELECT body FROM audit_log WHERE target = 'access'");
    expect(rows).toHaveLength(1);
    for (const role of [...LOGINS, 'owner']) {
      await db.query(`CREATE ROLE ${login(role)} LOGIN`);
      await db.query(`GRANT pinnacle_${role} TO ${login(role)}`);
    }
  });

  it('knows every table of the schema', async () => {
    const { TABLES } = await import('../../src/access/difference.ts');
    const { rows } = await db.query(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname",
    );
    expect(rows.map(({ relname }) => relname).filter((name) => !TABLES.includes(String(name)))).toEqual([]);
  });

  it.each([
    ['GRANT DELETE ON audit_log TO pinnacle_operator', 'REVOKE DELETE ON audit_log FROM pinnacle_operator'],
    [
      'GRANT SELECT (broker_secret) ON users TO pinnacle_readonly',
      'REVOKE SELECT ("broker_secret") ON users FROM pinnacle_readonly',
    ],
    ['GRANT SELECT ON users TO PUBLIC', 'REVOKE SELECT ON users FROM PUBLIC'],
    ['GRANT SELECT ON users TO pinnacle_cron', 'REVOKE SELECT ON users FROM pinnacle_cron'],
    ['ALTER ROLE pinnacle_operator CREATEDB', 'ALTER ROLE pinnacle_operator NOLOGIN'],
    ['GRANT pinnacle_owner TO pinnacle_operator', 'REVOKE "pinnacle_owner" FROM pinnacle_operator'],
  ])('finds what is too much: %s', async (grant, revoke) => {
    await db.query(grant);
    expect((await db.cli('access', 'plan', '--json')).stdout).toContain(JSON.stringify(revoke).slice(1, -1));
    expect((await db.cli('access', 'apply', '--no-input')).code).toBe(4);
    expect((await db.cli('access', 'apply', '--yes')).code).toBe(0);
    expect(await db.json('access', 'plan')).toEqual([]);
  });

  it('shows who is a member of what', async () => {
    const rows = await db.json<Record<string, unknown>[]>('access', 'show');
    expect(rows).toContainEqual({
      role: login('cron'),
      is: 'member',
      through: 'pinnacle_cron',
      object: null,
      rights: null,
    });
    expect(rows).toContainEqual(
      expect.objectContaining({ role: 'pinnacle_operator', object: 'order_fills', rights: 'INSERT, SELECT' }),
    );
    expect(rows).toContainEqual(expect.objectContaining({ role: 'postgres', is: 'superuser' }));
  });

  it('from then on refuses to write as a superuser or as the owner, unless told', async () => {
    const halt = ['risk', 'set', 'u1', 'MAX_ORDERS_PER_DAY', '9'];
    for (const refused of [await db.cli(...halt), await as('owner', ...halt)]) {
      expect(refused.code).toBe(12);
      expect(refused.stderr).toContain('pinnacle_operator');
    }
    expect((await db.cli(...halt, '--allow-superuser')).code).toBe(0);
    expect((await db.cliWith({ env: { PINNACLE_ALLOW_SUPERUSER: '1' } }, ...halt)).code).toBe(0);
    expect((await db.cli('user', 'list')).code).toBe(0);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
  });

  /** Commands in an order in which an operator's day goes, each with what it needs. */
  const DAY: [effect: 'read' | 'write', path: string, ...rest: string[]][] = [
    ['read', 'migrate status'],
    [
      'write',
      'user add',
      '--user-id',
      'u2',
      '--name',
      'B',
      '--email',
      'b@example.com',
      '--capital',
      '1000000',
    ],
    ['read', 'user list'],
    ['read', 'user show', 'u1'],
    ['write', 'user rotate-key', 'u2', '--grace', '1h', '--json'],
    ['write', 'user revoke-key', 'u2', '--yes'],
    [
      'write',
      'strategy add',
      '--strategy-id',
      's1',
      '--name',
      'S',
      '--description',
      'd',
      '--category',
      'c',
      '--risk-level',
      'low',
      '--min-capital',
      '1',
      '--expected-return',
      '1',
      '--max-drawdown',
      '1',
      '--symbols',
      'INFY',
      '--parameters',
      '{}',
    ],
    ['read', 'strategy list'],
    ['write', 'session start', '--user', 'u2'],
    [
      'write',
      'order place',
      '--order-id',
      'o1',
      '--user',
      'u2',
      '--symbol',
      'INFY',
      '--side',
      'BUY',
      '--type',
      'LIMIT',
      '--quantity',
      '10',
      '--price',
      '100',
    ],
    ['write', 'order accept', 'o1', '--broker-order-id', 'b1'],
    ['write', 'order fill', 'o1', '--quantity', '10', '--price', '100', '--broker-fill-id', 'f1'],
    ['read', 'order list'],
    ['read', 'order show', 'o1'],
    ['read', 'position list'],
    ['read', 'position pnl'],
    ['write', 'position mark', 'INFY=101'],
    ['write', 'risk set', 'u2', 'MAX_ORDERS_PER_DAY', '9'],
    ['read', 'risk list'],
    ['write', 'risk check'],
    ['read', 'risk status'],
    [
      'write',
      'notification send',
      '--user',
      'u2',
      '--type',
      'SYSTEM_ERROR',
      '--title',
      't',
      '--message',
      'm',
    ],
    ['read', 'notification list'],
    ['write', 'session end', '--user', 'u2'],
    ['read', 'session list'],
    ['write', 'risk remove', 'u2', 'MAX_ORDERS_PER_DAY', '--yes'],
    ['write', 'risk halt', 'u2', '--reason', 'r', '--yes'],
    ['read', 'doctor ledger'],
  ];

  // Each test goes on from where the one before it left the book.
  it.each(DAY)(
    '%s %s: who may can, who may not changes nothing',
    { timeout: 60_000 },
    async (effect, path, ...rest) => {
      const argv = [...path.split(' '), ...rest];
      const may = rolesFor(path, effect);
      const permitted = LOGINS.filter((role) => may.includes(`pinnacle_${role}`));
      // Who may not comes first, so that what is refused is refused for who asks, not for what is done already.
      for (const role of LOGINS.filter((one) => !permitted.includes(one))) {
        const before = await fingerprint();
        const { code, stdout, stderr } = await as(role, ...argv);
        expect({ role, code, stdout }).toEqual({ role, code: 12, stdout: '' });
        expect(stderr).toContain(may[0]);
        expect(await fingerprint()).toBe(before);
      }
      // The second to end the same thing is told so (3, 5); a finding is 6.
      for (const [i, role] of permitted.entries()) {
        const { code, stderr } = await as(role, ...argv);
        expect(i === 0 ? [0] : [0, 3, 5, 6], `${role}: ${stderr}`).toContain(code);
      }
    },
  );

  it.each([
    ['operator', "UPDATE audit_log SET body = '{}'"],
    ['operator', 'DELETE FROM audit_log'],
    ['operator', 'TRUNCATE audit_log'],
    ['operator', "INSERT INTO audit_log (actor, command, target, body) VALUES ('x', 'x', 'x', '{}')"],
    ['operator', 'DELETE FROM users'],
    ['operator', 'CREATE TABLE mine (n int)'],
    ['readonly', 'SELECT broker_secret FROM users'],
    ['readonly', 'SELECT api_key FROM users'],
    ['readonly', 'SELECT body FROM audit_log'],
    ['auditor', 'SELECT api_key FROM users'],
    ['cron', 'SELECT broker_token FROM users'],
    ['cron', 'UPDATE users SET total_capital = 0'],
    ['cron', 'UPDATE orders SET quantity = 1'],
  ])('%s is refused %s', async (role, sql) => {
    await db.query(`SET SESSION AUTHORIZATION ${login(role)}`);
    const refused = await db.query(sql).catch((error) => error.code);
    await db.query('RESET SESSION AUTHORIZATION');
    expect(refused).toBe('42501');
  });
});
