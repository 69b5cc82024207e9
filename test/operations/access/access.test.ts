import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliOptions, CliResult } from '../../helpers/cli.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, isSlow, needsRedis, remember } from '../../helpers/day.ts';
import { findRedis, startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const LOGINS = ['operator', 'cron', 'readonly', 'auditor'] as const;
const COMMANDS = await everyCommand();
const DAY = dayOf(COMMANDS);

/** Who may run what: `roles: commands`. */
const TABLE = `
operator cron readonly auditor: user list, user show, user logins list, strategy list, strategy show, strategy stats, order list, fill list, symbol list, user flows, user flow-totals
operator cron readonly auditor: position list, position show, position history, position pnl, session list, session show
operator cron readonly auditor: report performance, report months, report trades
operator cron readonly auditor: risk list, risk status, notification list, notification show, access plan, access show
operator cron readonly auditor: migrate status, migrate plan, migrate verify, migrate drift, doctor, doctor engine, doctor realtime, doctor replicas, schedule print, status, top
operator cron readonly auditor: market set, market get, market list, market import, market watch, market rates
operator cron readonly auditor: order watch, notification watch, instrument search, instrument show, calendar show, charges estimate, charges show, charges compare, completion bash, completion zsh, completion fish, completion powershell, completion suggest, version
operator cron readonly auditor: order export, position export, session export, notification export
operator cron readonly auditor: partition check, partition status, schema show
operator cron readonly auditor: config init, config show, config path, config validate, demo, import inspect
operator cron readonly auditor: backup list, backup verify, backup prune, backup status
operator cron readonly auditor: corporate-action list, corporate-action plan
operator: corporate-action add, corporate-action apply, corporate-action reverse
operator: charges book, user deposit, user withdraw, user reverse-flow
operator: user add, user import, user update, user rotate-key, user revoke-key, user offboard, user verify-key, user login, user disable, user enable
operator: user credentials set, user credentials import, user credentials show, user credentials clear, user credentials verify
operator: strategy add, strategy import, strategy update, strategy enable, strategy disable
operator: strategy activate, strategy pause, strategy resume, strategy stop
operator: order place, order send, order accept, order fill, order reject, order retry, order amend, order cancel, order import
operator: fill bust, fill correct, symbol alias, symbol unalias, position merge-symbol, position unmerge-symbol, ledger adopt
operator: reconcile orders, reconcile positions, reconcile funds, reconcile adopt
operator: position close, risk set, risk remove, risk time-zone, session recompute, risk halt, risk resume, risk flatten
operator: calendar import
operator cron readonly auditor: alert channel list, alert route list, alert status
operator: alert channel add, alert channel rotate, alert channel enable, alert channel disable, alert channel remove, alert route add, alert route remove
operator cron: alert channel test, alert retry, alert dismiss
cron operator: alert deliver
operator cron: instrument import
operator: broker paper run, broker login, broker logout, broker status, broker funds, broker sync
operator: keys generate, keys activate, keys rotate, keys encrypt, keys verify, keys status, keys retire
cron operator: report snapshot, report rebuild, position mark, session start, session end, risk check, notification send, notification read, audit seal
cron operator: realtime drain, realtime rebuild, user logins revoke, user logins revoke-all, retention run
cron operator auditor: retention plan
auditor operator: audit foreign, audit list, audit show, audit verify, audit export, order show, doctor ledger, report day, metrics print, metrics serve
owner: access apply, partition enable, partition ensure, migrate up, migrate down, migrate redo, migrate baseline, migrate adopt, migrate repair
owner: backup create, backup restore, schema strict, schema shared, schema compat
`;
const MAY: Readonly<Record<string, string[]>> = Object.fromEntries(
  TABLE.trim()
    .split('\n')
    .map((line) => line.split(': '))
    .flatMap(([roles = '', paths = '']) => paths.split(', ').map((path) => [path, roles.split(' ')])),
);

describe.each(servers)('access on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-access-'));
  const ring = join(folder, 'keyring.json');
  const known: Record<string, string> = { secret: 'a broker secret' };
  const tag = randomUUID().slice(0, 8);
  const login = (role: string) => `t_${role}_${tag}`;
  /** Runs a command as a member of one of the roles. */
  const asWith = (options: CliOptions, role: string, ...argv: string[]) => {
    const url = String(db.env['DATABASE_URL']).replace('//postgres@', `//${login(role)}@`);
    return db.cliWith({ ...options, env: { DATABASE_URL: url } }, ...argv);
  };
  const as = (role: string, ...argv: string[]) => asWith({}, role, ...argv);
  /** What every table holds, but for what was denied, and its seals. */
  const fingerprint = async () => {
    const rows = (table: string) =>
      `SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t WHERE to_jsonb(t) ->> 'command' IS DISTINCT FROM 'denied'`;
    const { rows: tables } = await db.query(
      `SELECT relname, query_to_xml(replace($1, '{table}', relname), false, true, '')::text AS hash FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'audit_seals' ORDER BY relname`,
      [rows('{table}')],
    );
    return JSON.stringify(tables);
  };

  beforeAll(async () => {
    db = await open();
    redis = findRedis() && (await startRedis());
    db.env['PINNACLE_KEYRING_FILE'] = ring;
    if (redis) db.env['REDIS_URL'] = redis.url;
  });
  afterAll(async () => {
    await redis?.stop();
    rmSync(folder, { recursive: true });
    for (const role of [...LOGINS, 'owner']) {
      await db.query(`DROP OWNED BY ${login(role)}`).catch(() => {});
      await db.query(`DROP ROLE IF EXISTS ${login(role)}`);
    }
    await db.close();
  });

  it('is plain work as a superuser until roles are applied, and plan says what is missing', async () => {
    expect(
      (await db.cli('user', 'add', '--user-id', 'u1', '--name', 'A', '--email', 'a@example.com', '--json'))
        .code,
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
    expect((await db.audits()).filter(({ target }) => target === 'access')).toHaveLength(1);
    for (const role of [...LOGINS, 'owner']) {
      await db.query(`CREATE ROLE ${login(role)} LOGIN`);
      await db.query(`GRANT pinnacle_${role} TO ${login(role)}`);
    }
  });

  it('knows every table of the schema', async () => {
    const { TABLES } = await import('../../../src/operations/access/diff-grants.ts');
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
    ['ALTER ROLE pinnacle_operator CREATEDB', 'ALTER ROLE pinnacle_operator NOCREATEDB'],
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
    const body = { code: 'SUPERUSER_REFUSED' };
    expect(await db.audits('denied')).toMatchObject([
      { actor: 'postgres', body },
      { actor: login('owner'), body },
    ]);
    expect((await db.cli(...halt, '--allow-superuser')).code).toBe(0);
    expect((await db.cliWith({ env: { PINNACLE_ALLOW_SUPERUSER: '1' } }, ...halt)).code).toBe(0);
    expect((await db.cli('user', 'list')).code).toBe(0);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
  });

  it('has a line for every command there is, and says who may run it', () => {
    const paths = COMMANDS.map(({ path }) => path).sort();
    expect(Object.keys(MAY).sort()).toEqual(paths);
    expect([...new Set(DAY.flatMap((line) => ('path' in line ? [line.path] : [])))].sort()).toEqual(paths);
  });

  type Run = (role: string) => Promise<CliResult>;

  /** Somebody who may not is told who may, and nothing is changed. */
  const refuses = async (run: Run, role: string, may: readonly string[]) => {
    const before = await fingerprint();
    const { code, stdout, stderr } = await run(role);
    expect({ role, code, stdout, said: code === 12 ? '' : stderr }).toEqual({
      ...{ role, code: 12, stdout: '', said: '' },
    });
    for (const one of may) expect(stderr).toContain(`pinnacle_${one}`);
    expect(await fingerprint()).toBe(before);
  };

  /** The first who may does it, perhaps with a finding; another one is told that it is done. */
  const permits = async (run: Run, may: readonly string[]) => {
    for (const [i, role] of may.entries()) {
      const { code, stdout, stderr } = await run(role);
      expect(i === 0 ? [0, 6] : [0, 3, 5, 6], `${role}: ${stderr}`).toContain(code);
      remember(stdout, known);
    }
  };

  // Each test goes on from where the one before it left the book.
  it.each(DAY.map((line) => ({ name: 'sql' in line ? line.sql : line.text, line })))(
    '$name: who may can, who may not changes nothing',
    async ({ line }) => {
      if ('sql' in line) return void (await db.query(line.sql));
      if (!redis && needsRedis(line.path)) return;
      const argv = words(await fillIn(line.text, db, ring, known));
      const stdin = line.stdin && (await fillIn(line.stdin, db, ring, known));
      const run = (role: string) => asWith({ cwd: folder, ...(stdin && { stdin }) }, role, ...argv);
      const may = MAY[line.path] ?? [];
      // Who may not comes first, so that what is refused is refused for who asks, not for what is done already.
      for (const role of LOGINS.filter((one) => !may.includes(one))) await refuses(run, role, may);
      await permits(run, isSlow(line.path) ? ['readonly'] : may);
    },
  );

  it.each([
    ['operator', "UPDATE audit_log SET body = '{}'"],
    ['operator', 'DELETE FROM audit_log'],
    ['operator', 'TRUNCATE audit_log'],
    ['operator', "INSERT INTO audit_log (actor, command, target, body) VALUES ('x', 'x', 'x', '{}')"],
    ['operator', "INSERT INTO audit_log (at, command, target, body) VALUES (now(), 'x', 'x', '{}')"],
    ['operator', 'INSERT INTO audit_seals SELECT * FROM audit_seals'],
    ['operator', 'DELETE FROM audit_seals'],
    ['operator', 'UPDATE audit_checkpoints SET signature = body'],
    ['operator', 'UPDATE order_fills SET price = 1'],
    ['operator', 'DELETE FROM order_fills'],
    ['operator', 'DELETE FROM users'],
    ['operator', "UPDATE users SET user_id = 'x'"],
    ['operator', 'CREATE TABLE mine (n int)'],
    ['operator', 'DROP TABLE strategies'],
    ['operator', 'ALTER TABLE audit_log DISABLE TRIGGER ALL'],
    ['operator', 'SET ROLE pinnacle_owner'],
    ['readonly', 'SELECT broker_secret FROM users'],
    ['readonly', 'SELECT api_key FROM users'],
    ['readonly', 'SELECT * FROM users'],
    ['readonly', 'SELECT users FROM users'],
    ['readonly', 'SELECT body FROM audit_log'],
    ['readonly', 'SELECT api_key FROM api_key_grace'],
    ['readonly', 'UPDATE risk_rules SET rule_value = 1'],
    ['readonly', 'SELECT audit_seal(1, false)'],
    ['auditor', 'SELECT api_key FROM users'],
    ['auditor', 'SELECT audit_seal(1, false)'],
    ['auditor', "INSERT INTO audit_log (command, target, body) VALUES ('x', 'x', '{}')"],
    ['cron', 'SELECT broker_token FROM users'],
    ['cron', 'SELECT api_key FROM users'],
    ['cron', 'SELECT body FROM audit_log'],
    ['cron', 'UPDATE users SET total_capital = 0'],
    ['cron', 'UPDATE orders SET quantity = 1'],
    ['cron', 'UPDATE positions SET quantity = 1'],
    ['cron', 'UPDATE risk_rules SET rule_value = 1'],
    ['cron', 'UPDATE notifications SET message = title'],
    ['cron', 'UPDATE trading_halts SET resumed_at = now()'],
    ['cron', 'UPDATE strategies SET is_active = true'],
    ['cron', 'DELETE FROM orders'],
    ['cron', 'INSERT INTO positions SELECT * FROM positions'],
  ])('%s is refused %s', async (role, sql) => {
    await db.query(`SET SESSION AUTHORIZATION ${login(role)}`);
    const refused = await db.query(sql).catch((error) => error.code);
    await db.query('RESET SESSION AUTHORIZATION');
    expect(refused).toBe('42501');
  });
});
