import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findRedis, freePort, startRedis, type TestRedis } from './redis.ts';

/** Some Redis servers and what points the program at them. */
export interface Topology {
  env: Record<string, string>;
  nodes: TestRedis[];
  stop: () => Promise<void>;
}

/** A master, its replica, and a sentinel that makes the replica the master half a second after the master is gone. */
export async function startSentinel(): Promise<Topology> {
  const master = await startRedis();
  const replica = await startRedis({ replicaof: ['127.0.0.1', String(master.port)] });
  const [folder, port] = [mkdtempSync(join(tmpdir(), 'pinnacle-sentinel-')), await freePort()];
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}
sentinel monitor mymaster 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds mymaster 500
sentinel failover-timeout mymaster 2000\n`,
  );
  const sentinel = spawn(findRedis()?.server ?? '', [file, '--sentinel'], { stdio: 'ignore' });
  await until(async () => /state=online/.test(await master.cli('info', 'replication')));
  const known = () => replica.cli('-p', String(port), 'sentinel', 'replicas', 'mymaster');
  await until(async () => (await known()).includes(String(replica.port)));
  return {
    env: configured(folder, { sentinels: [`127.0.0.1:${port}`] }),
    nodes: [master, replica],
    async stop() {
      sentinel.kill('SIGKILL');
      await Promise.all([master.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const SLOTS = ['0 5460', '5461 10922', '10923 16383'];

/** A cluster of three masters. */
export async function startCluster(): Promise<Topology> {
  const buses = await Promise.all(SLOTS.map(freePort));
  const nodes = await Promise.all(
    buses.map((bus) => startRedis({ 'cluster-enabled': 'yes', 'cluster-port': String(bus) })),
  );
  const [first, ...others] = nodes;
  await Promise.all(
    nodes.map((node, i) => node.cli('cluster', 'addslotsrange', ...(SLOTS[i] ?? '').split(' '))),
  );
  for (const [i, { port }] of others.entries())
    await first?.cli('cluster', 'meet', '127.0.0.1', String(port), String(buses[i + 1]));
  for (const node of nodes)
    await until(async () => {
      const state = await node.cli('cluster', 'info');
      return state.includes('cluster_state:ok') && state.includes('cluster_slots_ok:16384');
    });
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-cluster-'));
  return {
    env: configured(folder, { cluster: nodes.map(({ port }) => `127.0.0.1:${port}`) }),
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What can be said in a configuration file only. */
function configured(folder: string, redis: Record<string, unknown>): Record<string, string> {
  const file = join(folder, 'pinnacle.config.json');
  writeFileSync(file, JSON.stringify({ redis }), { mode: 0o600 });
  return { PINNACLE_CONFIG: file };
}

/** Waits until somebody listens to a stream on one of some servers. */
export async function listening(nodes: readonly TestRedis[]): Promise<void> {
  const list = ({ cli }: TestRedis) => cli('client', 'list').catch(() => '');
  await until(async () => (await Promise.all(nodes.map(list))).join().includes('cmd=xread'));
}

/** Waits for something to be true, at most so many milliseconds. */
export async function until(isSo: () => Promise<boolean> | boolean, within = 60_000): Promise<void> {
  const end = performance.now() + within;
  while (performance.now() < end && !(await isSo())) await sleep(20);
}
