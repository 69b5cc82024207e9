import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A Redis of the tests' own on a loopback port, in a temporary folder, gone at the end. */
export interface TestRedis {
  url: string;
  port: number;
  /** Runs redis-cli against it: an independent client. */
  cli: (...argv: string[]) => Promise<string>;
  /** Runs commands, one a line. */
  pipe: (commands: string) => Promise<unknown>;
  /** Ends the process; `start` begins it again on the same port, with nothing in it. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
  /** Sends the process a signal. */
  signal: (name: NodeJS.Signals) => void;
  stop: () => Promise<void>;
}

const MISSING = 'no redis-server on this machine (apt-get install redis-server)';
const FOLDERS = ['/usr/bin', '/usr/local/bin'];

/** Where redis-server is, or a Valkey in its place, if anywhere on this machine. */
export function findRedis(name: 'redis' | 'valkey' = 'redis'): { server: string; cli: string } | undefined {
  const folder = FOLDERS.find((each) => existsSync(join(each, `${name}-server`)));
  if (folder === undefined && name === 'redis' && process.env['CI']) throw new Error(MISSING);
  return folder === undefined
    ? undefined
    : { server: join(folder, `${name}-server`), cli: join(folder, `${name}-cli`) };
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const run = promisify(execFile);

/** Starts a Redis; `settings` are directives of redis.conf, several words as an array. */
export async function startRedis(
  settings: Readonly<Record<string, string | readonly string[]>> = {},
  binaries = findRedis(),
): Promise<TestRedis> {
  if (!binaries) throw new Error(MISSING);
  const port = Number(settings['port'] ?? 0) || (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-redis-'));
  // With a certificate it speaks TLS alone.
  const authority = settings['tls-ca-cert-file'];
  const ports = authority ? { port: '0', 'tls-port': String(port) } : { port: String(port) };
  const all = { bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, ...settings, ...ports };
  const argv = Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...[value].flat()]);
  const tls = authority ? ['--tls', '--cacert', String(authority)] : [];
  const password = typeof settings['requirepass'] === 'string' ? settings['requirepass'] : undefined;
  const cli = async (...words: string[]) => {
    const { stdout } = await run(binaries.cli, ['-p', String(port), ...tls, ...words], {
      env: { ...process.env, ...(password && { REDISCLI_AUTH: password }) },
      maxBuffer: 1 << 28,
    });
    return stdout.replace(/\n$/, '');
  };
  const pipe = (commands: string) => {
    const running = run(binaries.cli, ['-p', String(port)], { maxBuffer: 1 << 28 });
    running.child.stdin?.end(commands);
    return running;
  };
  let child: ReturnType<typeof spawn> | undefined;
  const start = async () => {
    child = spawn(binaries.server, argv, { stdio: 'ignore', cwd: folder });
    for (let attempt = 0; attempt < 200; attempt++) {
      if (/PONG|NOAUTH/.test(await cli('ping').catch(() => ''))) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('Redis did not start');
  };
  const kill = async () => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `${authority ? 'rediss' : 'redis'}://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}/0`,
    port,
    cli,
    pipe,
    kill,
    start,
    signal: (name) => void child?.kill(name),
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A way to a port on which everything that is sent arrives late, by so many milliseconds. */
export async function slowLine(to: number, delay: number) {
  const line = createServer((socket) => {
    const far = connect(to, '127.0.0.1');
    for (const end of [socket, far]) end.on('error', () => {}).setNoDelay(true);
    socket.on('data', (data) => setTimeout(() => far.write(data), delay));
    socket.on('close', () => setTimeout(() => far.destroy(), delay));
    far.on('data', (data) => socket.write(data));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => line.listen(port, '127.0.0.1', resolve));
  return { url: `redis://127.0.0.1:${port}`, close: () => line.close() };
}
