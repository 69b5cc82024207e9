import { NO_PROJECTION } from '../../audit/after-commit.ts';
import { change } from '../../audit/change.ts';
import type { Context } from '../../context.ts';
import { loadConfig } from '../../platform/config/load.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { openEmbedded } from '../../platform/postgres/embedded.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { readSchema } from '../../platform/postgres/schema-phase.ts';
import { noRedis } from '../../platform/redis/settings.ts';

/** A database to practise in, whose clock can be set back so that days of the past can be traded as they were. */
export interface Practice {
  connection: Connection;
  /** The context of a command in it, which says nothing and asks nothing. */
  as: (command: string) => Context;
  /** Sets the clock of the database and of its contexts; it goes on from there. */
  setClock: (at: Date) => Promise<void>;
  /** Ends that: the clock is right again, and nothing of it stays in the database. */
  rightClock: () => Promise<void>;
}

// A function of a schema that comes before pg_catalog is taken in its place; tables are still made and found in public.
const SLOW_CLOCK = [
  'CREATE SCHEMA practice',
  `CREATE FUNCTION practice.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
     RETURN pg_catalog.clock_timestamp() - current_setting('practice.behind')::interval`,
  `CREATE FUNCTION practice.now() RETURNS timestamptz LANGUAGE sql STABLE
     RETURN pg_catalog.now() - current_setting('practice.behind')::interval`,
  'SET search_path = public, practice, pg_catalog',
];
const RIGHT_CLOCK = ['RESET search_path', 'DROP SCHEMA practice CASCADE'];

/** Opens the database that the configuration file of a folder names, whatever else is configured. The caller closes it. */
export async function openPractice(
  ctx: Context,
  file: string,
  tell: (what: string) => Promise<void>,
): Promise<Practice> {
  const { home, uid } = ctx.configSource;
  const config = await loadConfig({ env: {}, cwd: ctx.cwd, home, uid, file });
  const connection = await openEmbedded(config.dataDir, {
    cacheDir: ctx.cacheDir,
    pid: ctx.own.pid,
    command: ctx.origin.command,
    timeoutMs: config.timeoutMs,
    signal: ctx.signal,
    tell,
  });
  const { kysely } = connection;
  let behindMs = 0;
  let isSlow = false;
  const silent = async () => {};
  const refuseRedis = async () => {
    throw noRedis();
  };
  const source = async () => ({ db: kysely, ...(await readSchema(kysely)) });
  const as = (command: string): Context => {
    const origin = { command, labels: ctx.origin.labels };
    return {
      ...ctx,
      io: { ...ctx.io, quiet: true, canPrompt: false, say: silent, warn: silent, afterwards: [] },
      dryRun: false,
      globals: { color: false, pager: false, input: false },
      now: () => new Date(ctx.now().getTime() - behindMs),
      config: async () => config,
      timeZone: async () => config.timeZone,
      connection: async () => connection,
      migrationConnection: async () => connection,
      server: async () => undefined,
      replicas: async () => [],
      db: async () => kysely,
      phase: async () => (await source()).phase,
      source,
      redis: refuseRedis,
      redisSettings: refuseRedis,
      origin,
      confirm: silent,
      confirmByName: silent,
      async change(work) {
        const { db: _db, ...schema } = await source();
        const { signal } = ctx;
        return change(
          connection,
          { ...origin, dryRun: false, signal, ...schema, afterCommit: NO_PROJECTION },
          work,
        );
      },
    };
  };
  return {
    connection,
    as,
    async setClock(at) {
      if (!isSlow) for (const statement of SLOW_CLOCK) await execute(kysely, statement);
      isSlow = true;
      behindMs = Math.max(0, ctx.now().getTime() - at.getTime());
      await execute(kysely, `SET practice.behind = '${behindMs} milliseconds'`);
    },
    async rightClock() {
      if (isSlow) for (const statement of RIGHT_CLOCK) await execute(kysely, statement);
      isSlow = false;
      behindMs = 0;
    },
  };
}
