import type { Kysely } from 'kysely';
import type { Origin } from './audit/log.ts';
import type { Outcome } from './audit/outcome.ts';
import type { Trx } from './audit/transaction.ts';
import type { RailContext } from './cli/command.ts';
import type { Io } from './cli/io.ts';
import type { Instant } from './domain/instant.ts';
import type { ConfigSource } from './platform/config/file.ts';
import type { Config } from './platform/config/load.ts';
import type { Connection } from './platform/postgres/connect.ts';
import type { SchemaPhase, Source } from './platform/postgres/schema-phase.ts';
import type { Database } from './platform/postgres/tables.ts';
import type { RedisConnection } from './platform/redis/connect.ts';
import type { RedisSettings } from './platform/redis/settings.ts';

/** What a verb is given. Everything is opened on first use and closed in the opposite order. */
export interface Context extends RailContext {
  io: Io;
  signal: AbortSignal;
  dryRun: boolean;
  now: () => Date;
  /** The folder that relative paths start from. */
  cwd: string;
  /** This process, and the user it runs as where the system has such. */
  own: { pid: number; uid: number | undefined };
  /** Whether a column of the result reaches whoever asked: it is among those printed, to a terminal or as JSON. */
  isVisible: (column: string) => boolean;
  configSource: ConfigSource;
  config: () => Promise<Config>;
  /** Where scratch and template databases are kept. */
  cacheDir: string;
  connection: () => Promise<Connection>;
  /** The configured replicas, to be reached within so many milliseconds. */
  replicas: (within: number) => Promise<Connection[]>;
  /** A connection of its own kind for migrations: direct, and without a limit on how long a statement takes. */
  migrationConnection: () => Promise<Connection>;
  /** How the server itself is reached, for programs and sessions of one's own; undefined for the embedded database. */
  server: () => Promise<{ url: string; insecureTls: boolean } | undefined>;
  db: () => Promise<Kysely<Database>>;
  /** Redis, for what cannot be done without it; throws NO_REDIS (exit 78) where none is configured. */
  redis: () => Promise<RedisConnection>;
  /** How Redis is reached, for who opens it himself; throws the same. */
  redisSettings: () => Promise<RedisSettings>;
  /** How far the schema of the database is rolled out. */
  phase: () => Promise<SchemaPhase>;
  /** `db` and `phase` together. */
  source: () => Promise<Source>;
  /** Where this command's changes come from, for their audit rows. */
  origin: Origin;
  /** One transaction with its audit row; see audit/change.ts. */
  change: <T>(work: (trx: Trx) => Promise<Outcome<T>>) => Promise<T>;
  /** A foreign error in the operator's words. */
  explain: (error: unknown) => Promise<unknown>;
  /** The UTC instant of a time as an operator writes it; a usage error names the flag. */
  instant: (flag: string, text: string) => Promise<Instant>;
  /** Goes on only when agreed to, by --yes or on a terminal. A dry run needs no consent. */
  confirm: (question: string) => Promise<void>;
  /** Goes on only when the name is typed out. */
  confirmByName: (name: string, question: string) => Promise<void>;
}
