import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import {
  type Behaviour,
  type Mailed,
  type Posted,
  type Receiver,
  startHook,
  startMail,
} from '../../helpers/receivers.ts';
import { giveRing, newActiveKey } from '../../helpers/ring.ts';
import { words } from '../../helpers/words.ts';

const NOTIFICATIONS = Number(process.env['PINNACLE_ALERT_NOTIFICATIONS'] ?? 100);
const KILLS = Number(process.env['PINNACLE_ALERT_KILLS'] ?? 5);
const TYPES = ['ORDER_REJECTED', 'SERVICE_DOWN', 'SYSTEM_ERROR', 'RISK_ALERT'];
const LIMIT = 6;
/** Chances of the receivers to fail before and after they took a message. */
const FAILS = 0.2;
const LOSES = 0.1;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let lost = 0;
const misbehave = (): Behaviour => {
  const chance = Math.random();
  if (chance < FAILS) return { status: 503 };
  if (chance >= FAILS + LOSES) return 'take';
  lost += 1;
  return 'lost';
};
/** Of mail, what fails passes by 4xx. */
const misdeliver = (): Behaviour => {
  const does = misbehave();
  return typeof does === 'string' ? does : { status: 451 };
};

describe.each(servers)('alerts while receivers fail and deliveries are killed, on $name', ({ openCold }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let mail: Receiver<Mailed>;

  beforeAll(async () => {
    [db, hook, mail] = await Promise.all([openCold(), startHook(), startMail()]);
    await giveRing(db);
    const run = (line: string, stdin = '') =>
      db
        .cliWith({ stdin }, ...words(line))
        .then(({ code, stderr }) => expect({ line, code, stderr }).toMatchObject({ line, code: 0 }));
    await run(`alert channel add hook webhook --url ${hook.url} --secret-stdin`, SECRET);
    await run(
      `alert channel add mail email --host 127.0.0.1 --port ${mail.port} --from a@example.com --to b@example.com`,
    );
    await run(`alert route add hook --level INFO --group-wait 1s --limit ${LIMIT} --repeat 0s`);
    await run('alert route add mail --level ERROR --group-wait 0s --limit 1000 --repeat 0s');
    // These hours do not end while this runs.
    await run(`alert channel add night webhook --url ${hook.url}/night --secret-stdin`, SECRET);
    await run(
      `alert route add night --level INFO --group-wait 0s --quiet-hours ${hoursAround(new Date())} --limit 1000`,
    );
    hook.behave(misbehave);
    mail.behave(misdeliver);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([hook.stop(), mail.stop(), db.close()]);
  });

  /** As other programs write notifications, of all levels and types. */
  const notify = (from: number, until: number) =>
    db.query(
      `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message)
       SELECT 'n' || i, ($3::text[])[1 + i % 4]::notification_type, (CASE WHEN i % 50 = 0 THEN 'CRITICAL' WHEN i % 2 = 0 THEN 'ERROR' ELSE 'INFO' END)::alert_level,
         'number ' || i, 'm' FROM generate_series($1::int, $2::int) i`,
      [from, until, TYPES],
    );
  /** Lets time pass for what was sent and what waits. */
  const pass = (interval: string) =>
    // In the order in which deliveries write them, so that neither waits for the other.
    db.query(`
      BEGIN;
      LOCK TABLE alert_deliveries, alert_items IN SHARE ROW EXCLUSIVE MODE;
      UPDATE alert_deliveries SET created_at = created_at - '${interval}'::interval, next_at = next_at - '${interval}'::interval,
        sent_at = sent_at - '${interval}'::interval, give_up_at = give_up_at - '${interval}'::interval;
      UPDATE alert_items SET routed_at = routed_at - '${interval}'::interval;
      COMMIT`);
  const left = async () => {
    const { rows } = await db.query(
      `SELECT (SELECT count(*) FROM notifications WHERE routed_at IS NULL)::int AS unseen,
         (SELECT count(*) FROM alert_items i JOIN alert_routes r USING (route_id) WHERE i.delivery_id IS NULL AND r.quiet IS NULL)::int AS waiting,
         (SELECT count(*) FROM alert_deliveries WHERE state <> 'SENT')::int AS unsent`,
    );
    return rows[0] as { unseen: number; waiting: number; unsent: number };
  };

  const follow = () => start(db.env, 'alert', 'deliver', '--follow', '--interval', '100ms', '--json');

  /** Every secret has another key, while deliveries use them. */
  const rotate = async () => {
    const [{ key_id: old } = {}] = (await db.json<Record<string, unknown>[]>('keys', 'status')).filter(
      ({ state }) => state === 'active',
    );
    await newActiveKey(db);
    await db.json('keys', 'rotate');
    await db.json('keys', 'retire', String(old), '--yes');
  };

  /** Notifications of other programs while two deliveries run, which are killed one after the other. */
  const disturb = async (round: number) => {
    const batch = Math.ceil(NOTIFICATIONS / KILLS);
    const running = [follow(), follow()];
    await notify(round * batch + 1, Math.min((round + 1) * batch, NOTIFICATIONS));
    if (round % 5 === 0) await rotate();
    for (const { child, ended } of running) {
      await sleep(300 + Math.random() * 1_000);
      child.kill(round % 5 === 4 ? 'SIGTERM' : 'SIGKILL');
      await ended;
      await pass('6 minutes');
    }
  };

  it(
    'each notification is sent by each route that takes it',
    async () => {
      for (let round = 0; round < KILLS; round++) await disturb(round);
      const last = follow();
      const settled = async () => {
        await pass('20 minutes');
        return left();
      };
      await expect
        .poll(settled, { timeout: 600_000, interval: 1_000 })
        .toEqual({ unseen: 0, waiting: 0, unsent: 0 });
      last.child.kill('SIGTERM');
      await last.ended;
      const { rows } = await db.query(
        // Without what deliveries themselves tell of channels that failed.
        "SELECT d.channel, count(*)::int AS count FROM alert_items JOIN alert_deliveries d USING (delivery_id) WHERE notification_id ~ '^n[0-9]+$' GROUP BY 1",
      );
      const sent = Object.fromEntries(rows.map(({ channel, count }) => [channel, count]));
      expect(sent).toEqual({
        hook: NOTIFICATIONS,
        mail: Math.floor(NOTIFICATIONS / 2),
        night: Math.floor(NOTIFICATIONS / 50),
      });
    },
    KILLS * 20_000 + 700_000,
  );

  /** What arrived, by id; each time it did. */
  const arrivals = () => [
    ...hook.got
      .filter(({ taken }) => taken)
      .map(({ headers, body, path }) => ({ id: String(headers['webhook-id']), body, path })),
    ...mail.got
      .filter(({ taken }) => taken)
      .map(({ messageId, text }) => ({
        id: messageId.replace(/@.*/, ''),
        body: text.slice(text.indexOf('\r\n\r\n')),
        path: 'mail',
      })),
  ];

  it('each message arrives under its id, and every time the same', async () => {
    const bodies = new Map<string, Set<string>>();
    for (const { id, body } of arrivals()) bodies.set(id, (bodies.get(id) ?? new Set()).add(body));
    const { rows } = await db.query(
      `SELECT d.delivery_id AS id, d.message ->> 'count' = count(*)::text AS complete
       FROM alert_deliveries d JOIN alert_items i USING (delivery_id) GROUP BY d.delivery_id ORDER BY 1`,
    );
    expect([...bodies.keys()].sort()).toEqual(rows.map(({ id }) => id));
    expect(rows.filter(({ complete }) => complete !== true)).toEqual([]);
    expect([...bodies].filter(([, different]) => different.size > 1)).toEqual([]);
    // Again comes only what nobody answered for, or was killed: at most one of each channel and process.
    const again = arrivals().length - bodies.size;
    expect(again).toBeLessThanOrEqual(lost + 2 * 3 * KILLS);
  });

  it('of a route in its quiet hours nothing but CRITICAL', () => {
    const night = arrivals().filter(({ path }) => path === '/night');
    expect(new Set(night.map(({ body }) => JSON.parse(body).level))).toEqual(new Set(['CRITICAL']));
  });

  it('no more in an hour than the limit', async () => {
    const { rows } = await db.query(
      `SELECT max(n)::int AS most FROM (
         SELECT count(*) OVER (PARTITION BY critical ORDER BY sent_at
           RANGE BETWEEN '59 minutes 59 seconds' PRECEDING AND CURRENT ROW) AS n
         FROM alert_deliveries WHERE channel = 'hook') s`,
    );
    expect(rows[0]?.['most']).toBeLessThanOrEqual(LIMIT);
  });
});

/** Quiet hours from an hour before to twelve hours after a moment, as the clocks of India have it. */
function hoursAround(at: Date): string {
  const clock = (shift: number) =>
    new Date(at.getTime() + (5.5 + shift) * 3_600_000).toISOString().slice(11, 16);
  return `${clock(-1)}-${clock(12)}`;
}
