import type { Origin } from '../audit/log.ts';
import type { Io } from '../cli/io.ts';
import type { Config } from '../platform/config/load.ts';
import type { Connection } from '../platform/postgres/connect.ts';
import type { JobLock } from '../platform/postgres/job-lock.ts';

interface Surroundings {
  /** The command as the operator knows it. */
  name: string;
  pid: number;
  io: Io;
  signal: AbortSignal;
  config: () => Promise<Config>;
  /** `embedded`, or the URL of the server. */
  database: () => Promise<string>;
  cacheDir: string;
  insecureTls: boolean;
  origin: Origin;
  /** Run when the command ends, in reverse order. */
  releasers: (() => Promise<void>)[];
}

/** The databases of one command: each opened on first use, and severed if the command is interrupted. */
export function openDatabases({
  name,
  pid,
  io,
  signal,
  config,
  database,
  cacheDir,
  insecureTls,
  origin,
  releasers,
}: Surroundings) {
  const track = async (open: () => Promise<Connection>): Promise<Connection> => {
    signal.throwIfAborted();
    const connection = await open();
    const sever = () => connection.sever();
    signal.addEventListener('abort', sever, { once: true });
    releasers.push(async () => {
      signal.removeEventListener('abort', sever);
      await connection.close();
    });
    return connection;
  };
  const server = async (
    url: string,
    purpose: 'work' | 'migration' | 'replica' | 'guard',
    connectTimeout?: number,
  ) => {
    const [settings, { connectServer }, { tlsWeakness }] = await Promise.all([
      config(),
      import('../platform/postgres/connect.ts'),
      import('../platform/postgres/server-url.ts'),
    ]);
    const weakness = tlsWeakness(url, insecureTls);
    if (weakness && origin.labels['tls'] === undefined) {
      origin.labels['tls'] = 'insecure';
      await io.warn(`${weakness}.`);
    }
    return connectServer(url, {
      applicationName: `pinnacle/${name}${purpose === 'guard' ? ' guard' : ''}`,
      // A migration holds one session; a second one asks what became of its COMMIT if that session breaks.
      poolSize: purpose === 'migration' ? 2 : settings.poolSize,
      statementTimeout: purpose === 'migration' ? 0 : settings.timeout,
      insecureTls,
      ...(connectTimeout === undefined ? {} : { connectTimeout }),
      ownSession: purpose === 'migration',
    });
  };
  const embedded = async () => {
    const [{ dataDir, timeout }, { openEmbedded }] = await Promise.all([
      config(),
      import('../platform/postgres/embedded.ts'),
    ]);
    return openEmbedded(dataDir, { cacheDir, pid, command: name, timeout, signal });
  };
  /** The URL past any pooler; undefined for the embedded database. */
  const directUrl = async () => {
    const { migrateUrl } = await config();
    const chosen = await database();
    return chosen === 'embedded' ? undefined : (migrateUrl ?? chosen);
  };
  return {
    async primary(): Promise<Connection> {
      const chosen = await database();
      return track(() => (chosen === 'embedded' ? embedded() : server(chosen, 'work')));
    },
    async migration(): Promise<Connection> {
      const url = await directUrl();
      return track(() => (url === undefined ? embedded() : server(url, 'migration')));
    },
    async server(): Promise<{ url: string; insecureTls: boolean } | undefined> {
      const url = await directUrl();
      return url === undefined ? undefined : { url, insecureTls };
    },
    async replicas(within: number): Promise<Connection[]> {
      if ((await database()) === 'embedded') return [];
      const { replicas } = await config();
      return Promise.all(replicas.map((url) => track(() => server(url, 'replica', within))));
    },
    /** Keeps a job from running elsewhere. Connects directly if possible: the lock holds a session until the end. */
    async guard(job: string): Promise<JobLock> {
      const { dataDir, migrateUrl } = await config();
      const chosen = await database();
      const guard = await import('../platform/postgres/job-lock.ts');
      if (chosen === 'embedded') return guard.lockJobInFolder(dataDir, job, { pid, command: name, signal });
      return guard.lockJobOnServer(await track(() => server(migrateUrl ?? chosen, 'guard')), job);
    },
  };
}
