import { join } from 'node:path';
import { type AfterCommit, NO_PROJECTION } from '../audit/after-commit.ts';
import { canonicalJson } from '../audit/canonical-json.ts';
import type { IdempotentRun } from '../audit/idempotency.ts';
import type { Origin } from '../audit/log.ts';
import { auditTargetOf } from '../audit/subject.ts';
import { type Command, type Invocation, rolesOf, type Verbs } from '../cli/command.ts';
import type { Io, Surroundings } from '../cli/io.ts';
import { startStopwatch } from '../cli/stopwatch.ts';
import type { Context } from '../context.ts';
import { parseInstant } from '../domain/instant.ts';
import type { ConfigSource } from '../platform/config/file.ts';
import type { Connection } from '../platform/postgres/connect.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { Failure } from '../util/failure.ts';
import { openDatabases } from './connections.ts';
import { lazily, lazilyPer } from './lazily.ts';
import type { Run } from './run-beside.ts';
import { chooseDatabase, describeTarget, redisSettings } from './target.ts';

/** Builds the context of one command from its environment. */
export function openContext(
  invocation: Invocation,
  nouns: Verbs,
  around: Surroundings,
  io: Io,
  signal: AbortSignal,
  { run, within }: { run: Run; within: Context | undefined },
): OpenContext {
  const { globals, command } = invocation;
  const name = invocation.path.join(' ');
  const releasers: (() => Promise<void>)[] = [];
  const configSource: ConfigSource = {
    env: around.env,
    cwd: around.cwd,
    home: around.home,
    uid: around.uid,
    file: globals.config,
    profile: globals.profile,
    timeout: globals.timeout,
    allowSuperuser: globals.allowSuperuser,
  };
  const config = lazily(async () => {
    const [{ loadConfig }, { mistypedVariables }] = await Promise.all([
      import('../platform/config/load.ts'),
      import('../platform/config/variables.ts'),
    ]);
    for (const complaint of mistypedVariables(around.env)) await io.warn(complaint);
    return loadConfig(configSource);
  });
  const database = lazily(async () => chooseDatabase(await config(), io));
  const dryRun = globals.dryRun === true;
  const base = {
    io,
    nouns,
    signal,
    dryRun,
    now: around.now,
    cwd: around.cwd,
    own: { pid: around.pid, uid: around.uid, node: around.node },
    globals,
    configSource,
    config,
    cacheDir: join(around.env['XDG_CACHE_HOME'] || join(around.home, '.cache'), 'pinnacle'),
    origin: {
      command: name,
      subject: auditTargetOf(invocation),
      labels: { os_user: around.user },
      tookMs: startStopwatch(io),
    } as Origin,
  } satisfies Partial<Context>;
  const databases = openDatabases(base, {
    chosen: database,
    insecureTls: globals.insecureTls === true,
    debug: globals.debug === true,
    mustExist: command.effect === 'read',
    releasers,
  });
  const connection = lazily(async () => {
    // One process opens an embedded database once.
    if (within && (await database()) === 'embedded') return within.connection();
    const opened = await databases.primary();
    const free = opened.kind === 'embedded' || command.effect === 'read' || (await config()).allowSuperuser;
    if (!free)
      await (await import('../operations/access/refuse-superuser.ts')).refuseSuperuser(
        opened,
        base.origin,
        dryRun,
      );
    return opened;
  });
  let onReplica: Connection | undefined;
  let replicasMayAnswer = command.reads === 'replica' && globals.primary !== true;
  const replica = lazily(async () => {
    const { replicas: urls, maxReplicaWaitMs } = await config();
    if (urls.length === 0) return undefined;
    const [primary, opened] = await Promise.all([connection(), databases.replicas(maxReplicaWaitMs)]);
    const { findReplica } = await import('../platform/postgres/replica.ts');
    onReplica = await findReplica(primary, opened, maxReplicaWaitMs);
    return onReplica;
  });
  const source = async () => (replicasMayAnswer ? await replica() : undefined) ?? connection();
  const schemaHere = () =>
    lazily(async () => {
      const { readSchema } = await import('../platform/postgres/schema-phase.ts');
      return readSchema((await source()).kysely);
    });
  let schema = schemaHere();
  const sharedRedis = lazilyPer<RedisConnection>();
  let projecting: AfterCommit | undefined;
  const afterCommit = lazily(async (): Promise<AfterCommit> => {
    const { redis } = await config();
    if (!redis) return NO_PROJECTION;
    const { openAfterCommit } = await import('../projection/after-commit.ts');
    const opened = openAfterCommit(redis, ctx.redis, around.now);
    projecting = opened;
    return opened;
  });
  const target = lazily(() => describeTarget(config, command.writesTo === 'redis' ? undefined : database));
  const consent = { yes: globals.yes === true, names: [...(globals.confirm ?? [])] };
  let idempotent: IdempotentRun | undefined;
  let isChanged = false;
  let hasBegun = Boolean(invocation.options['follow'] ?? invocation.options['watch']);

  const ctx: Context = {
    ...base,
    isVisible(column) {
      const { json, jq, csv, columns } = globals;
      // What a program prints is known once it has run.
      if (jq !== undefined && !jq.includes(column)) return false;
      const asked = typeof json === 'string' ? json : columns;
      const printed = asked?.split(',').some((name) => name.trim() === column) ?? true;
      return (
        printed && (json !== undefined || (io.out.isTTY && !csv && !(io.quiet && columns === undefined)))
      );
    },
    connection: source,
    replicas: databases.replicas,
    migrationConnection: lazily(databases.migration),
    server: databases.server,
    target,
    timeZone: async () => (await config()).timeZone,
    inFull: async (placeholder, text) => (await import('./in-full.ts')).inFull(ctx, placeholder, text),
    async confirmProfile() {
      const { protected: isProtected, profile = 'protected' } = await config();
      if (!isProtected || dryRun) return;
      const { confirmByName } = await import('../cli/prompt.ts');
      await confirmByName(io, consent, profile, `${profile} is protected.`);
    },
    readPrimary() {
      const answered = replicasMayAnswer && onReplica !== undefined && !signal.aborted;
      replicasMayAnswer = false;
      if (answered) schema = schemaHere();
      return answered;
    },
    db: async () => (await source()).kysely,
    async redis(purpose) {
      const settings = await ctx.redisSettings(purpose);
      return sharedRedis(settings.url ?? '', async () => {
        const { openRedis } = await import('../platform/redis/connect.ts');
        const opened = await openRedis(settings, name);
        signal.addEventListener('abort', opened.close, { once: true });
        releasers.push(async () => opened.close());
        return opened;
      });
    },
    redisSettings: (purpose) => redisSettings(config, purpose),
    phase: async () => (await schema()).phase,
    source: async () => ({ db: (await source()).kysely, ...(await schema()) }),
    async singleInstance(input) {
      const held = await databases.guard(`${name} ${canonicalJson(input)}`);
      if ('holder' in held) return held.holder;
      releasers.push(held.release);
      return undefined;
    },
    async idempotent(input) {
      if (globals.idempotencyKey === undefined) return undefined;
      const { openIdempotentRun } = await import('../audit/idempotency.ts');
      const contents = await contentsOf(command, input as Record<string, unknown>, around.cwd, signal);
      const run = openIdempotentRun(
        invocation,
        { ...input, ...contents },
        async () => (await connection()).kysely,
      );
      if (!dryRun) idempotent = run;
      return {
        replay: run.replay,
        async finish(result) {
          if (!dryRun && !run.isKept()) await ctx.change(async () => ({ result, audit: null }));
        },
      };
    },
    async change(work) {
      const { change } = await import('../audit/change.ts');
      isChanged = !dryRun;
      // A later change, and each round of a command that goes on, counts from its own beginning.
      if (hasBegun) ctx.origin.tookMs = startStopwatch(io);
      hasBegun = true;
      return change(
        await connection(),
        {
          ...ctx.origin,
          dryRun,
          signal,
          ...(await schema()),
          afterCommit: await afterCommit(),
          idempotent,
        },
        work,
      );
    },
    run: async (argv, columns, stop) =>
      (await import('./run-beside.ts')).runBeside(ctx, argv, columns, { around, run, database, stop }),
    async explain(error) {
      if (signal.aborted) return signal.reason;
      if (error instanceof Failure) return error;
      const { isRedisFailure, redisFailure } = await import('../platform/redis/errors.ts');
      if (isRedisFailure(error)) {
        const { describeAllRedis } = await import('../platform/redis/settings.ts');
        return redisFailure(error, describeAllRedis((await config()).redis));
      }
      const { isDatabaseFailure, isUndefinedObject, translateFailure } = await import(
        '../platform/postgres/errors.ts'
      );
      if (!isDatabaseFailure(error)) return error;
      if (isUndefinedObject(error) && command.phase) {
        const { explainMissing } = await import('../operations/migrations/explain-missing.ts');
        return explainMissing(name, command.phase, (await connection()).kysely);
      }
      const { explainNarrow } = await import('../platform/postgres/schema-phase.ts');
      const known = (await explainFullDisk(error, database, config)) ?? (await explainNarrow(error, schema));
      if (known) return known;
      const roles = rolesOf(command).map((role) => `pinnacle_${role}`);
      return translateFailure(error, await target(), roles);
    },
    async instant(flag, text, timeZone) {
      try {
        return parseInstant(text, around.now(), timeZone ?? (await config()).timeZone);
      } catch (error) {
        throw new Failure('usage', 'USAGE', `${flag} ${(error as Error).message}.`);
      }
    },
    async confirm(question) {
      if (!dryRun) await (await import('../cli/prompt.ts')).confirm(io, consent, question);
    },
    async confirmByName(answer, question) {
      // On a terminal the prompt shows it.
      if (dryRun || consent.names.length > 0) await io.warn(question);
      if (!dryRun) await (await import('../cli/prompt.ts')).confirmByName(io, consent, answer, question);
    },
  };
  return {
    ctx,
    projectionFailure: () => projecting?.failure(),
    hasChanged: () => isChanged,
    async release() {
      for (const close of releasers.reverse()) await close().catch(() => {});
    },
  };
}
export interface OpenContext {
  ctx: Context;
  /** The failure if something is committed but could not be projected to Redis; undefined if all was. */
  projectionFailure: () => Failure | undefined;
  /** Whether a change was made that is not a dry run. */
  hasChanged: () => boolean;
  release: () => Promise<void>;
}

/** The failure for a full disk under the embedded database; undefined for other errors, and for those of a server. */
async function explainFullDisk(
  error: unknown,
  database: () => Promise<string>,
  config: Context['config'],
): Promise<Failure | undefined> {
  const { isDiskFull } = await import('../platform/postgres/errors.ts');
  if (!isDiskFull(error) || (await database()) !== 'embedded') return undefined;
  const { diskFull } = await import('../platform/files/private-folder.ts');
  return diskFull((await config()).dataDir, 'PINNACLE_DATA_DIR');
}

/** The hashes of the files in the input, whose content is part of it. */
async function contentsOf(
  { args, flags }: Command,
  input: Readonly<Record<string, unknown>>,
  cwd: string,
  signal: AbortSignal,
): Promise<{ contents?: Record<string, string> }> {
  const files = Object.entries({ ...args, ...flags }).flatMap(([name, { content }]) => {
    const path = input[name] === undefined ? undefined : content?.(input[name]);
    return path === undefined ? [] : [[name, path] as const];
  });
  if (files.length === 0) return {};
  const { hashInputs } = await import('../platform/files/hash-inputs.ts');
  return { contents: await hashInputs(Object.fromEntries(files), cwd, signal) };
}
