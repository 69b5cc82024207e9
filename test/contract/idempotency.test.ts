import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takesKey } from '../../src/cli/command.ts';
import { allCommands } from '../helpers/commands.ts';
import { databases, sampled, type TestDatabase } from '../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, remember } from '../helpers/day.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';

const COMMANDS = await everyCommand();
const effects = new Map(COMMANDS.map(({ path, effect }) => [path, effect]));
const DAY = dayOf(COMMANDS);
const keyless = (await allCommands()).filter(({ command }) => !takesKey(command)).map(({ name }) => name);

const place = (id: string, quantity = '1') =>
  `order place --order-id ${id} --user u1 --symbol TCS --side BUY --type LIMIT --quantity ${quantity} --price 100`;

describe.each(databases)('--idempotency-key on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-keys-'));
  const ring = join(folder, 'keyring.json');
  const known: Record<string, string> = { secret: 'a broker secret' };
  const run = (line: string, key: string, ...more: string[]) =>
    db.cli(...words(line), '--idempotency-key', key, ...more);
  const entries = async () => (await db.audits()).length;

  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    Object.assign(db.env, { PINNACLE_KEYRING_FILE: ring, REDIS_URL: redis.url });
    await db.cli('user', 'add', '--user-id', 'u1', '--name', 'A', '--email', 'a@example.com', '--json');
  });
  afterAll(async () => {
    await Promise.all([redis.stop(), db.close()]);
    rmSync(folder, { recursive: true });
  });

  it('has a change made once: asked again, the command says what it gave then and changes nothing', async () => {
    const first = await run(place('k1'), 'once');
    expect(first.code).toBe(0);
    const before = await entries();
    // Nothing but the key stands against a second order here.
    const again = await run(place('k1'), 'once');
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: first.stdout });
    expect(again.stderr).toContain('Already applied with this idempotency key at ');
    expect(await entries()).toBe(before);
    expect((await db.cli(...words(place('k1')))).code).toBe(5);
  });

  it('makes up an id once', async () => {
    const line = place('x').replace('--order-id x ', '');
    const ids = await Promise.all([1, 2, 3, 4].map(() => run(line, 'made-up', '--json', 'order_id')));
    const failed = ids.filter(({ code }) => code !== 0);
    expect(failed.map(({ stderr }) => stderr)).toEqual([]);
    expect(new Set(ids.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it('refuses the key for another request, naming the first', async () => {
    const { code, stderr } = await run(place('k1', '2'), 'once');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--idempotency-key once was used before with other input: order place, at 20/);
    expect((await run('order cancel k1', 'once')).code).toBe(2);
    expect((await db.query("SELECT status, quantity FROM orders WHERE order_id = 'k1'")).rows).toEqual([
      { status: 'PENDING', quantity: 1 },
    ]);
  });

  it('keeps nothing of what was refused, or of a dry run', async () => {
    expect((await run(place('k1', '3'), 'refused')).code).toBe(5);
    expect((await run(place('k2'), 'refused', '--dry-run')).code).toBe(0);
    expect((await run(place('k2'), 'refused')).code).toBe(0);
    expect((await db.cli('order', 'show', 'k2')).code).toBe(0);
  });

  it('keeps what changed nothing, too', async () => {
    expect(await run('order cancel --symbol NOTHING --yes', 'nothing')).toMatchObject({
      code: 0,
      stdout: '',
    });
    await db.query(
      "INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price) VALUES ('k3', 'u1', 'NOTHING', 'BUY', 'LIMIT', 1, 1)",
    );
    expect(await run('order cancel --symbol NOTHING --yes', 'nothing')).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect((await db.query("SELECT status FROM orders WHERE order_id = 'k3'")).rows).toEqual([
      { status: 'PENDING' },
    ]);
  });

  it.each([
    ['order list', 'k', 'order list changes nothing: it takes no --idempotency-key.'],
    ['audit seal', 'k', 'audit seal takes no --idempotency-key.'],
    [place('k4'), 'a key', '--idempotency-key must be 1 to 200 visible ASCII characters.'],
    [place('k4'), 'k'.repeat(201), '--idempotency-key must be 1 to 200 visible ASCII characters.'],
  ])('%s with the key %s ends 2', async (line, key, message) => {
    const { code, stderr } = await run(line, key);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  // Each test goes on from where the one before it left the book.
  it.each(
    // The morning will do for the embedded engine.
    DAY.filter((line) => 'sql' in line || effects.get(line.path) !== 'read')
      .slice(0, sampled(DAY).length)
      .map((line) => ({ name: 'sql' in line ? line.sql : line.text, line })),
  )('$name: the second time it gives the same and changes nothing', async ({ line }) => {
    if ('sql' in line) return void (await db.query(line.sql));
    const argv = words(await fillIn(line.text, db, ring, known));
    const stdin = line.stdin && (await fillIn(line.stdin, db, ring, known));
    const options = { cwd: folder, ...(stdin && { stdin }) };
    const keyed = [...argv, '--idempotency-key', randomUUID()];
    if (keyless.includes(line.path)) {
      expect((await db.cliWith(options, ...keyed)).code).toBe(2);
      return void (await db.cliWith(options, ...argv));
    }
    const first = await db.cliWith(options, ...keyed);
    expect([0, 6], first.stderr).toContain(first.code);
    remember(first.stdout, known);
    const before = await entries();
    const second = await db.cliWith(options, ...keyed);
    const withoutSecret = first.stdout.replace(/"(api_key|token)":( ?)"[^"]+"/, '"$1":$2null');
    expect({ code: second.code, stdout: second.stdout }).toEqual({ code: first.code, stdout: withoutSecret });
    expect(await entries()).toBe(before);
  });
});
