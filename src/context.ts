import type { Kysely } from 'kysely';
import type { Origin } from './audit/log.ts';
import type { Outcome } from './audit/outcome.ts';
import type { Trx } from './audit/transaction.ts';
import type { RailContext, Verbs } from './cli/command.ts';
import type { Globals } from './cli/globals.ts';
import type { Io } from './cli/io.ts';
import type { Instant } from './domain/instant.ts';
import type { ConfigSource } from './platform/config/file.ts';
import type { Config, RedisSettings } from './platform/config/load.ts';
import type { RedisPurpose } from './platform/config/redis-settings.ts';
import type { Connection } from './platform/postgres/connect.ts';
import type { SchemaPhase, Source } from './platform/postgres/schema-phase.ts';
import type { Database } from './platform/postgres/tables.ts';
import type { RedisOf } from './platform/redis/connect.ts';

/** What a verb receives. Everything is opened on first use and closed in reverse order. */
export interface Context extends RailContext {
  io: Io;
  /** Every noun of the program. */
  nouns: Verbs;
  signal: AbortSignal;
  dryRun: boolean;
  now: () => Date;
  /** The folder that relative paths start from. */
  cwd: string;
  /** This process, its operating-system user, if the system has users, and the Node that runs it. */
  own: { pid: number; uid: number | undefined; node: string };
  /** Whether a column of the result is printed, to a terminal or as JSON. */
  isVisible: (column: string) => boolean;
  /** The global flags that were given. */
  globals: Globals;
  configSource: ConfigSource;
  config: () => Promise<Config>;
  /** Where scratch and template databases are kept. */
  cacheDir: string;
  connection: () => Promise<Connection>;
  /** The configured replicas, to be reached within so many milliseconds. */
  replicas: (within: number) => Promise<Connection[]>;
  /** A connection for migrations: direct, and without a statement timeout. */
  migrationConnection: () => Promise<Connection>;
  /** The direct URL of the server, for external programs and separate sessions; undefined for the embedded database. */
  server: () => Promise<{ url: string; insecureTls: boolean } | undefined>;
  db: () => Promise<Kysely<Database>>;
  /** The Redis of a purpose, for commands that need it; throws NO_REDIS (exit 78) if none is configured. */
  redis: RedisOf;
  /** The settings of that Redis, for code that opens its own connection; throws the same. */
  redisSettings: (purpose: RedisPurpose) => Promise<RedisSettings>;
  /** How far the schema of the database is rolled out. */
  phase: () => Promise<SchemaPhase>;
  /** `db`, and how far its schema is rolled out. */
  source: () => Promise<Source>;
  /** The origin of this command's changes, for their audit rows. */
  origin: Origin;
  /** One transaction with its audit row; see audit/change.ts. */
  change: <T>(work: (trx: Trx) => Promise<Outcome<T>>) => Promise<T>;
  /**
   * Runs another command line against the same database, as a terminal of so many columns would show it. It asks nothing. Returns its
   * exit code, and what it printed. `stop` interrupts it.
   */
  run: (
    argv: readonly string[],
    columns: number,
    stop?: AbortSignal,
  ) => Promise<{ code: number; text: string }>;
  /** A foreign error in the operator's words. */
  explain: (error: unknown) => Promise<unknown>;
  /** The UTC instant of a time as an operator writes it, by default in the configured time zone; a usage error names the flag. */
  instant: (flag: string, text: string, timeZone?: string) => Promise<Instant>;
  /** Returns only after consent, by --yes or on a terminal. A dry run needs none. */
  confirm: (question: string) => Promise<void>;
  /** Shows what is about to happen and returns only after the name is typed; that of a protected profile is another. */
  confirmByName: (name: string, question: string) => Promise<void>;
}
