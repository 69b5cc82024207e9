import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing } from '../../helpers/ring.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import { giveBroker, giveClient, giveSession } from '../../helpers/stand-in/trader.ts';
import type { StandInClient } from '../../helpers/stand-in/types.ts';
import { TIMED } from '../../helpers/timed.ts';

const errorOf = ({ stderr }: { stderr: string }) => JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error;
let last = 0;

describe.each(servers)('broker login on $name', ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;
  let user: string;
  let client: StandInClient;

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    standIn = await startStandIn({ hangMs: 3_000, totpWindow: 1 });
    giveBroker(db, standIn);
    user = await given.user(db, `t${++last}`);
    client = await giveClient(db, standIn, user);
  });
  afterEach(async () => {
    await db.query('DELETE FROM broker_accounts');
    await standIn.stop();
  });

  const logins = () => standIn.calls.filter(({ method }) => method === 'login').length;
  const audited = async () =>
    (await db.audits('broker login')).filter(({ target }) => target === `user ${user}`);

  it('stores the token encrypted, until midnight in India, and says nothing of it', async () => {
    const rows = await db.json<Record<string, unknown>[]>('broker', 'login', user);
    expect(rows).toMatchObject([{ user_id: user, client_code: client.clientCode, problem: null }]);
    const end = new Date(String(rows[0]?.['token_expires_at']));
    expect(end.toISOString()).toMatch(/T18:28:00/);
    const stored = await db.query('SELECT broker_token FROM users WHERE user_id = $1', [user]);
    expect(stored.rows[0]?.['broker_token']).toMatch(/^pne1\./);
    expect(await audited()).toMatchObject([{ body: { field: 'broker_token' } }]);
    expect(JSON.stringify(await audited())).not.toContain('eyJ');
    const status = await db.json<Record<string, unknown>[]>('broker', 'status', user);
    expect(status).toMatchObject([{ session: 'valid', kind: 'angelone', unresolved: 0, missing: '' }]);
    expect(Math.abs(Number(status[0]?.['clock_skew_ms']))).toBeLessThan(3_000);
  });

  it('takes the client code once, and keeps it', async () => {
    await db.query('DELETE FROM broker_accounts');
    expect(errorOf(await db.cli('broker', 'login', user, '--json'))).toMatchObject({
      code: 'BROKER_SESSION',
    });
    expect((await db.cli('broker', 'login', user, '--client-code', 'A 1')).code).toBe(2);
    await db.json('broker', 'login', user, '--client-code', client.clientCode);
    expect(await audited()).toMatchObject([
      { body: { client_code: client.clientCode, before: null } },
      { body: { field: 'broker_token' } },
    ]);
    expect(await db.json('broker', 'status', user)).toMatchObject([{ client_code: client.clientCode }]);
  });

  it('is used by other commands, which log in by themselves where there is no session', async () => {
    expect(await db.json('broker', 'funds', user)).toMatchObject([{ user_id: user, net: '100000.00' }]);
    expect(await db.json('broker', 'funds', user)).toMatchObject([{ net: '100000.00' }]);
    expect(logins()).toBe(1);
  });

  it('does nothing on a dry run', async () => {
    expect((await db.cli('broker', 'login', user, '--dry-run')).code).toBe(0);
    expect(standIn.calls).toEqual([]);
  });

  it.each([
    ['AB1000', 'broker_secret', '87654321'],
    ['AB1050', 'broker_totp', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'],
    ['AG8004', 'broker_api_key', 'another key'],
  ])('%s names the credential that may be wrong: %s', async (code, field, stdin) => {
    await db.cliWith({ stdin }, 'user', 'credentials', 'set', user, '--field', field, '--secret-stdin');
    const result = await db.cli('broker', 'login', user, '--json');
    expect(result.code).toBe(5);
    expect(errorOf(result)).toMatchObject({
      code: 'BROKER_SESSION',
      hint: expect.stringContaining(`${user} --field ${field}`),
    });
    expect(errorOf(result).message).toContain(code);
    expect(logins()).toBe(1);
  });

  it.each(['broker_secret', 'broker_totp', 'broker_api_key'])('needs %s', async (field) => {
    await db.cli('user', 'credentials', 'clear', user, '--field', field, '--yes');
    const result = await db.cli('broker', 'login', user, '--json');
    expect(result.code).toBe(5);
    expect(errorOf(result).hint).toBe(`Run: pinnacle user credentials set ${user} --field ${field}`);
    expect(await db.json('broker', 'status', user)).toMatchObject([{ missing: field, session: 'none' }]);
    expect(standIn.calls).toEqual([]);
  });

  it('finds out that the clock of the broker is ahead, and uses it from then on', TIMED, async () => {
    standIn.control.totpWindow = 0;
    standIn.control.clockAheadMs = 40_000;
    expect(await db.json('broker', 'login', user)).toMatchObject([{ problem: null }]);
    expect(logins()).toBe(2);
    const status = await db.json<Record<string, unknown>[]>('broker', 'status', user);
    expect(Math.abs(Number(status[0]?.['clock_skew_ms']) - 40_000)).toBeLessThan(10_000);
  });

  it('never sends a code twice: a second login waits, and may find the session of the first', async () => {
    const both = await Promise.all([db.cli('broker', 'funds', user), db.cli('broker', 'funds', user)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(standIn.passwords.get(client.clientCode)).toHaveLength(1);
  });

  it('takes a code that was typed, of six digits', async () => {
    const typed = (stdin: string) => db.cliWith({ stdin }, 'broker', 'login', user, '--totp-stdin', '--json');
    expect((await typed('12345')).code).toBe(2);
    expect(errorOf(await typed('000000'))).toMatchObject({ code: 'BROKER_SESSION' });
    const { passwordAt } = await import('../../helpers/stand-in/tokens.ts');
    const result = await typed(passwordAt(client.totpSecret, Math.floor(Date.now() / 30_000)));
    expect(result.code).toBe(0);
  });

  it.each(['empty', 'html-502', 'hang', 'access-rate', 'half-json', 'reset'] as const)(
    'ends 7 after %s',
    async (what) => {
      standIn.control.next = { login: [what] };
      const result = await db.cliWith(
        { env: { PINNACLE_BROKER_TIMEOUT: '1s' } },
        'broker',
        'login',
        user,
        '--json',
      );
      expect(result.code).toBe(7);
      expect(errorOf(result)).toMatchObject({ code: 'BROKER_UNREACHABLE', retryable: true });
    },
  );

  it('of all traders names those who cannot be logged in', async () => {
    const other = await given.user(db, `t${++last}`);
    await giveClient(db, standIn, other);
    await db.cli('user', 'credentials', 'clear', other, '--field', 'broker_secret', '--yes');
    const { code, stdout } = await db.cli('broker', 'login', '--all', '--json');
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject([
      { user_id: user, problem: null },
      { user_id: other, problem: `The PIN of ${other} at the broker is missing.` },
    ]);
    await db.cli('user', 'disable', other, '--yes');
    expect((await db.cli('broker', 'login', other)).code).toBe(5);
  });

  it('ends at the broker and here', async () => {
    await giveSession(db, standIn, user, client);
    expect(await db.json('broker', 'funds', user)).toMatchObject([{ net: '100000.00' }]);
    standIn.control.next = { logout: ['html-502'] };
    expect((await db.cli('broker', 'logout', user)).code).toBe(7);
    expect(await db.json('broker', 'logout', user)).toMatchObject({ user_id: user, logged_out: true });
    expect(await db.json('broker', 'logout', user)).toMatchObject({ logged_out: false });
    expect(await db.json('broker', 'status', user)).toMatchObject([{ session: 'none' }]);
  });

  it('status ends 6 where a session is over or a call has no outcome', async () => {
    await giveSession(db, standIn, user, client);
    expect((await db.cli('broker', 'status')).code).toBe(0);
    await db.query(`UPDATE broker_accounts SET token_expires_at = now() - interval '1 hour'`);
    const { code, stdout } = await db.cli('broker', 'status', user, '--json');
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject([{ session: 'expired' }]);
    expect((await db.cli('broker', 'status', 'nobody')).code).toBe(3);
  });

  it('needs a name or --all, a broker with logins, and https', async () => {
    expect((await db.cli('broker', 'login')).code).toBe(2);
    expect((await db.cli('broker', 'login', user, '--all')).code).toBe(2);
    const env = (changes: Record<string, string>) =>
      db.cliWith({ env: changes }, 'broker', 'login', user, '--json');
    expect(await env({ PINNACLE_BROKER: 'paper' })).toMatchObject({ code: 0, stdout: '[]\n' });
    expect((await env({ PINNACLE_BROKER_URL: 'http://example.com' })).code).toBe(78);
    expect((await env({ PINNACLE_KEYRING_FILE: '/nonexistent/ring' })).code).toBe(11);
  });
});
