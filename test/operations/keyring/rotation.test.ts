import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../../src/domain/id.ts';
import type { BrokerColumn } from '../../../src/platform/secrets/broker-credentials.ts';
import { placeOf } from '../../../src/platform/secrets/broker-credentials.ts';
import { decrypt as openEnvelope } from '../../../src/platform/secrets/envelope.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import { giveRing, newActiveKey, ringIn, seedCredentials } from '../../helpers/ring.ts';

const KILLS = Number(process.env['PINNACLE_ROTATION_KILLS'] ?? 3);
const USERS = KILLS >= 20 ? 10_000 : 2_000;

describe.each(servers)('a rotation that is killed, on $name', ({ open }) => {
  let db: TestDatabase;
  let ringFile: string;
  let secrets: Map<string, string>;
  beforeAll(async () => {
    db = await open();
    ringFile = await giveRing(db);
    secrets = await seedCredentials(db, await ringIn(ringFile), USERS);
    await db.query('ANALYZE users');
  });
  afterAll(() => db.close());

  const onKey = async (id: string) => {
    const { rows } = await db.query(
      'SELECT count(*)::int AS n FROM users WHERE starts_with(broker_token, $1)',
      [`pne1.${id}.`],
    );
    return Number(rows[0]?.['n']);
  };

  const setMeanwhile = async (round: number) => {
    const user = `u${String(Math.floor(Math.random() * USERS)).padStart(6, '0')}`;
    const secret = `canary-set-in-round-${round}`;
    const { code, stderr } = await db.cliWith(
      { stdin: `${secret}\n` },
      ...['user', 'credentials', 'set', user, '--field', 'broker_secret', '--secret-stdin'],
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    secrets.set(`${user} broker_secret`, secret);
  };

  it(`with -9 ${KILLS} times over ${USERS} traders ends right when it is run again`, async () => {
    let midway = 0;
    for (let round = 0; round < KILLS; round++) {
      const key = await newActiveKey(db);
      const { child, ended } = start(db.env, 'keys', 'rotate');
      let running = true;
      void ended.then(() => {
        running = false;
      });
      const enough = Math.floor(Math.random() * USERS * 0.9);
      const setting = setMeanwhile(round);
      while (running && (await onKey(key)) <= enough) await sleep(2);
      await sleep(Math.random() * 20);
      child.kill('SIGKILL');
      await ended;
      await setting;
      const moved = await onKey(key);
      if (moved > 0 && moved < USERS) midway++;
      const again = await start(db.env, 'keys', 'rotate', '--json').ended;
      expect({ round, code: again.code, stderr: again.code === 0 ? '' : again.stderr }).toEqual({
        round,
        code: 0,
        stderr: '',
      });
      await expectAll(key);
    }
    expect(midway).toBeGreaterThan(0);
  }, 3_600_000);

  /** Every credential is on the key, and is what was set. */
  async function expectAll(key: string) {
    const ring = await ringIn(ringFile);
    const { rows } = await db.query(
      `SELECT user_id || ' ' || field AS place, user_id, field, value FROM users CROSS JOIN LATERAL (VALUES
         ('broker_api_key', broker_api_key), ('broker_secret', broker_secret), ('broker_token', broker_token), ('broker_totp', broker_totp)
       ) v (field, value)`,
    );
    const wrong = rows.filter(({ place, user_id, field, value }) => {
      const opened = openEnvelope(ring, placeOf(userId.parse(user_id), field as BrokerColumn), String(value));
      return (
        !String(value).startsWith(`pne1.${key}.`) ||
        !('secret' in opened) ||
        opened.secret !== secrets.get(String(place))
      );
    });
    expect(rows).toHaveLength(USERS * 4);
    expect(wrong.map(({ place }) => place)).toEqual([]);
    // What each audit row says was moved, adds up to what was.
    const audit = await db.query(
      `SELECT coalesce(sum((body::json ->> 'values')::int), 0)::int AS moved FROM audit_log
       WHERE command = 'keys rotate' AND target = $1`,
      [`key ${key}`],
    );
    const meanwhile = Number(audit.rows[0]?.['moved']);
    expect([USERS * 4, USERS * 4 - 1]).toContain(meanwhile);
  }
});
