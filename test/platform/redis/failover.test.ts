import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';
import { listening, startSentinel, type Topology, until } from '../../helpers/topologies.ts';
import { words } from '../../helpers/words.ts';

// `npm run test:failover` has 1,000 and 50.
const EVENTS = Number(process.env['PINNACLE_FAILOVER_EVENTS'] ?? 100);
const DROPS = Number(process.env['PINNACLE_FAILOVER_DROPS'] ?? 5);
const WRITERS = 4;

describe.each(servers)('watching the $name through a failover and dropped connections', ({ open }) => {
  let db: TestDatabase;
  let redis: Topology;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startSentinel()]);
    Object.assign(db.env, redis.env);
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));

  it(
    `shows each of ${EVENTS} notifications once, though ${DROPS} connections break and the master is killed`,
    async () => {
      const [master, replica] = redis.nodes;
      if (!master || !replica) throw new Error('no servers');
      const { child, ended } = start(db.env, ...words('notification watch --json notification_id'));
      let seen = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString().split('\n').length - 1;
      });
      await listening(redis.nodes);

      const sent: string[] = [];
      const codes = new Set<number>();
      const writing = Array.from({ length: WRITERS }, async (_, writer) => {
        for (let i = writer; i < EVENTS; i += WRITERS) {
          const argv = words(
            `notification send --user u --type RISK_ALERT --title ${i} --message m --json notification_id`,
          );
          const { code, stdout } = await db.cli(...argv);
          codes.add(code);
          sent.push(JSON.parse(stdout).notification_id);
        }
      });

      const drop = async (drops: number, share: number) => {
        for (let i = 1; i <= drops; i++) {
          await until(() => sent.length >= (EVENTS * share * i) / (drops + 1));
          await listening(redis.nodes);
          const node = (await master.cli('ping').catch(() => '')) === 'PONG' ? master : replica;
          await node.cli('client', 'kill', 'type', 'normal');
        }
      };
      await drop(DROPS / 2, 0.4);
      // What the master is told now neither its replica nor the watch will ever hear of.
      for (const stopped of [replica, child])
        'signal' in stopped ? stopped.signal('SIGSTOP') : stopped.kill('SIGSTOP');
      const before = sent.length;
      await until(() => sent.length >= Math.min(EVENTS, before + 2 * WRITERS));
      await master.kill();
      for (const stopped of [replica, child])
        'signal' in stopped ? stopped.signal('SIGCONT') : stopped.kill('SIGCONT');
      await until(async () => (await replica.cli('role')).startsWith('master'));
      await drop(DROPS / 2, 0.95);
      await Promise.all(writing);

      // Some were told twice: the drain tells all whose telling was not heard to succeed.
      expect(await db.json('realtime', 'drain')).toMatchObject({ pending: 0 });
      await until(() => seen >= EVENTS, 15_000);
      await db.json(...words('notification send --system --type RISK_ALERT --title last --message m'));
      await until(() => seen >= EVENTS + 1, 15_000);
      child.kill('SIGTERM');
      const { code, stdout, stderr } = await ended;
      const shown = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).notification_id);
      expect({ code, shown: shown.slice(0, -1).sort() }).toEqual({ code: 143, shown: sent.sort() });
      expect([...codes].filter((each) => each !== 0 && each !== 8)).toEqual([]);
      expect(codes).toContain(8);
      // A line that breaks and is back at once is not worth a word.
      expect(stderr.match(/warning: /g)?.length ?? 0).toBeLessThan(4);
    },
    10 * 60_000,
  );
});
