import type { Progress } from '../cli/progress.ts';
import type { Context } from '../context.ts';
import type { Connection } from '../platform/postgres/connect.ts';
import type { JobLock } from '../platform/postgres/job-lock.ts';
import { unlessAborted } from '../util/in-time.ts';

/** What databases need of the context of their command. */
type Around = Pick<Context, 'io' | 'signal' | 'own' | 'config' | 'cacheDir' | 'origin'>;

interface DatabaseOptions {
  /** Returns `embedded`, or the URL of the server. */
  chosen: () => Promise<string>;
  insecureTls: boolean;
  /** Whether stderr is told of every statement. */
  debug: boolean;
  /** Whether the embedded database must exist already. */
  mustExist: boolean;
  /** Run when the command ends, in reverse order. */
  releasers: (() => Promise<void>)[];
}

/** The databases of one command: each opened on first use, and severed if the command is interrupted. */
export function openDatabases(
  { io, signal, own: { pid }, config, cacheDir, origin }: Around,
  { chosen, insecureTls, debug, mustExist, releasers }: DatabaseOptions,
) {
  const { command } = origin;
  const track = async (open: () => Promise<Connection>): Promise<Connection> => {
    signal.throwIfAborted();
    const opening = open();
    // A host that is silent, or the engine, takes seconds to open and cannot be stopped: nobody waits for it.
    const connection = await unlessAborted(opening, signal).catch((error) => {
      opening.then(
        (late) => late.close(),
        () => {},
      );
      throw error;
    });
    const sever = () => connection.sever();
    signal.addEventListener('abort', sever, { once: true });
    releasers.push(async () => {
      signal.removeEventListener('abort', sever);
      await connection.close();
    });
    return connection;
  };
  const tracing = async () =>
    debug ? (await import('./trace-statements.ts')).traceStatements(io) : undefined;
  const server = async (
    url: string,
    purpose: 'work' | 'migration' | 'replica' | 'guard',
    connectTimeoutMs?: number,
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
      applicationName: `pinnacle/${command}${purpose === 'guard' ? ' guard' : ''}`,
      // A migration holds one session; a second one asks what became of its COMMIT if that session breaks.
      poolSize: purpose === 'migration' ? 2 : settings.poolSize,
      statementTimeoutMs: purpose === 'migration' ? 0 : settings.timeoutMs,
      insecureTls,
      ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
      ownSession: purpose === 'migration',
      tracing: await tracing(),
    });
  };
  const embedded = async () => {
    const [{ dataDir, timeoutMs }, { openEmbedded }] = await Promise.all([
      config(),
      import('../platform/postgres/embedded.ts'),
    ]);
    let progress: Promise<Progress> | undefined;
    const tell = async (what: string) => {
      progress ??= import('../cli/progress.ts').then(({ startProgress }) => startProgress(io, what));
      (await progress).update(what);
    };
    const onWait = (holder: string) => void tell(`Waiting for ${holder}, which uses the embedded database`);
    const options = {
      cacheDir,
      pid,
      command,
      timeoutMs,
      signal,
      mustExist,
      tell,
      onWait,
      tracing: await tracing(),
    };
    return openEmbedded(dataDir, options).finally(async () => (await progress)?.stop());
  };
  /** The URL past any pooler; undefined for the embedded database. */
  const directUrl = async () => {
    const { migrateUrl } = await config();
    const url = await chosen();
    return url === 'embedded' ? undefined : (migrateUrl ?? url);
  };
  return {
    async primary(): Promise<Connection> {
      const url = await chosen();
      return track(() => (url === 'embedded' ? embedded() : server(url, 'work')));
    },
    async migration(): Promise<Connection> {
      const url = await directUrl();
      return track(() => (url === undefined ? embedded() : server(url, 'migration')));
    },
    async server(): Promise<{ url: string; insecureTls: boolean } | undefined> {
      const url = await directUrl();
      return url === undefined ? undefined : { url, insecureTls };
    },
    async replicas(withinMs: number): Promise<Connection[]> {
      if ((await chosen()) === 'embedded') return [];
      const { replicas } = await config();
      return Promise.all(replicas.map((url) => track(() => server(url, 'replica', withinMs))));
    },
    /** Keeps a job from running elsewhere. Connects directly if possible: the lock holds a session until the end. */
    async guard(job: string): Promise<JobLock> {
      const { dataDir, migrateUrl, schema } = await config();
      const url = await chosen();
      const guard = await import('../platform/postgres/job-lock.ts');
      if (url === 'embedded') return guard.lockJobInFolder(dataDir, job, { pid, command, signal });
      return guard.lockJobOnServer(
        await track(() => server(migrateUrl ?? url, 'guard')),
        schema ? `${schema}: ${job}` : job,
      );
    },
  };
}
