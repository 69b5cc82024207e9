import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certify, makeAuthority } from '../../helpers/certificates.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { findRedis, startRedis, type TestRedis } from '../../helpers/redis.ts';
import { listening, startCluster, startSentinel, type Topology } from '../../helpers/topologies.ts';
import { words } from '../../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-redis-tls-'));
makeAuthority(folder, 'ours');
makeAuthority(folder, 'theirs');
certify(folder, 'ours', 'right', 'IP:127.0.0.1');
certify(folder, 'ours', 'elsewhere', 'DNS:redis.elsewhere.example');
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Settings of a Redis that speaks TLS with a certificate of ours. */
const secured = (name: string) => ({
  'tls-cert-file': file(`${name}.pem`),
  'tls-key-file': file(`${name}.key`),
  'tls-ca-cert-file': file('ours.pem'),
  'tls-auth-clients': 'no',
});

/** What docs/realtime.md says that the user of Redis needs. */
const RIGHTS = words(
  /ACL SETUSER pinnacle on >secret([^`]+)```/.exec(readFileSync('docs/realtime.md', 'utf8'))?.[1] ?? '',
);

const IN_CLUSTER = ['+cluster|slots', '+cluster|info'];

const only = async (node: TestRedis, env: Record<string, string> = {}): Promise<Topology> => ({
  nodes: [node],
  env: { REDIS_URL: node.url, ...env },
  stop: node.stop,
});

const valkey = findRedis('valkey');
if (!valkey) process.stderr.write('\n*** no valkey-server: its test is skipped\n\n');

interface Case {
  name: string;
  open: () => Promise<Topology>;
  absent?: boolean;
}

const CASES: Case[] = [
  { name: 'a server with a password', open: async () => only(await startRedis({ requirepass: 'p@ss' })) },
  {
    name: 'a server that speaks TLS, by an authority of our own',
    open: async () => only(await startRedis(secured('right')), { PINNACLE_REDIS_CA: file('ours.pem') }),
  },
  {
    name: 'a user with no right but those that are needed',
    async open() {
      const node = await startRedis();
      await node.cli('acl', 'setuser', 'pinnacle', 'on', '>secret', ...RIGHTS);
      return only(node, { REDIS_URL: `redis://pinnacle:secret@127.0.0.1:${node.port}` });
    },
  },
  { name: 'a master that sentinels know', open: startSentinel },
  {
    name: 'a cluster of three, by a user with no right but those that are needed',
    async open() {
      const cluster = await startCluster();
      for (const node of cluster.nodes)
        await node.cli('acl', 'setuser', 'pinnacle', 'on', '>secret', ...RIGHTS, ...IN_CLUSTER);
      return { ...cluster, env: { ...cluster.env, REDIS_URL: 'redis://pinnacle:secret@cluster' } };
    },
  },
  {
    name: valkey ? 'Valkey' : 'Valkey (skipped: there is no valkey-server on this machine)',
    open: async () => only(await startRedis({}, valkey)),
    absent: !valkey,
  },
];

describe.each(servers)('beside the $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db?.close());

  for (const { name, open: opening, absent } of CASES)
    it.skipIf(absent)(`${name} takes what is booked, tells of it and is made anew`, async () => {
      const { env, nodes, stop } = await opening();
      try {
        const run = (line: string) => db.cliWith({ env }, ...words(line));
        const order = `o-${nodes[0]?.port}`;
        expect((await run('realtime rebuild')).code).toBe(0);
        const watching = run('notification watch --count 1 --json notification_type');
        await listening(nodes);
        const place = `order place --order-id ${order} --user u --symbol TCS --side BUY --quantity 5`;
        expect(await run(`${place} --type LIMIT --price 10`)).toMatchObject({ code: 0 });
        expect(await run(`order fill ${order} --quantity 5 --price 10`)).toMatchObject({ code: 0 });
        expect(await watching).toEqual({
          code: 0,
          stdout: '{"notification_type":"ORDER_FILLED"}\n',
          stderr: '',
        });
        expect(await run(`order show ${order} --live`)).toMatchObject({ code: 0, stderr: '' });
        expect(await run('doctor realtime')).toMatchObject({ code: 0 });
        expect(await run('doctor --check redis')).toMatchObject({ code: 0 });
        expect(await run('market set TCS --ltp 10')).toMatchObject({ code: 0 });
        expect(await run('market list')).toMatchObject({ code: 0 });
        expect(await run('user logins list u')).toMatchObject({ code: 0 });
        await nodes[0]?.cli('-c', 'persist', 'market_data:TCS');
        expect(await run('retention run --yes --json kind,repaired')).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('{"kind":"market_data","repaired":1}'),
        });
        for (const node of nodes) await node.cli('flushall').catch(() => {});
        expect(await run('doctor realtime')).toMatchObject({ code: 6 });
        expect(await run('realtime rebuild')).toMatchObject({ code: 0 });
        expect(await run('doctor realtime')).toMatchObject({ code: 0 });
        for (const node of nodes)
          expect((await node.cli('acl', 'log').catch(() => '')).split('\n')).toEqual(['']);
      } finally {
        await stop();
      }
    });

  it.each([
    ['another authority', 'right', { PINNACLE_REDIS_CA: file('theirs.pem') }, 'not to be trusted'],
    ['an authority nobody named', 'right', {}, 'not to be trusted'],
    ['another host', 'elsewhere', { PINNACLE_REDIS_CA: file('ours.pem') }, 'is for another host'],
  ])('a Redis with a certificate of %s is refused', async (_what, certificate, env, reason) => {
    const node = await startRedis(secured(certificate));
    try {
      const { code, stderr } = await db.cliWith(
        { env: { REDIS_URL: node.url, ...env } },
        'doctor',
        'realtime',
      );
      expect([code, stderr]).toEqual([7, expect.stringContaining(reason)]);
      expect(stderr).not.toContain('elsewhere');
    } finally {
      await node.stop();
    }
  });

  it.each([
    ['TLS to a Redis that has none', {}, 'rediss'],
    ['plain text to a Redis that wants TLS', secured('right'), 'redis'],
  ])('%s is refused', async (_what, settings, scheme) => {
    const node = await startRedis(settings);
    try {
      const env = {
        REDIS_URL: `${scheme}://127.0.0.1:${node.port}`,
        PINNACLE_REDIS_CA: file('ours.pem'),
        PINNACLE_REDIS_TIMEOUT: '2s',
      };
      const { code, stderr } = await db.cliWith({ env }, 'doctor', 'realtime');
      expect([code, stderr]).toEqual([7, expect.stringContaining('cannot be reached')]);
    } finally {
      await node.stop();
    }
  });

  it('a user of Redis who lacks a right is told, and the change waits', async () => {
    const node = await startRedis();
    await node.cli('acl', 'setuser', 'pinnacle', 'on', '>secret', ...RIGHTS, '-xadd');
    const env = { REDIS_URL: `redis://pinnacle:secret@127.0.0.1:${node.port}` };
    try {
      const { code, stderr } = await db.cliWith(
        { env },
        ...words('notification send --system --type RISK_ALERT --title t --message m'),
      );
      expect([code, stderr]).toEqual([8, expect.stringContaining('is not permitted this')]);
      await node.cli(
        'acl',
        'setuser',
        'watcher',
        'on',
        '>secret',
        '%R~notifications',
        '+xread',
        '+xrevrange',
      );
      const watch = () =>
        db.cliWith(
          { env: { REDIS_URL: `redis://watcher:secret@127.0.0.1:${node.port}` } },
          ...words('notification watch --for 1s'),
        );
      expect((await watch()).code).toBe(0);
      await node.cli('acl', 'setuser', 'watcher', '-xread');
      expect((await watch()).code).toBe(12);
    } finally {
      await node.stop();
    }
  });
});
