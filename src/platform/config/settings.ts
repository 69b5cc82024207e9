import { dirname, join } from 'node:path';
import type * as z from 'zod/mini';
import { rupeesText } from '../../domain/money.ts';
import type { RateLimits } from '../../domain/rate-limits.ts';
import { DEFAULT_PERIODS, isPeriod } from '../../domain/retention-periods.ts';
import { riskTemplates, type Templates } from '../../domain/risk-limits.ts';
import { BROKER_SETTINGS } from './broker-settings.ts';
import { REDIS_SETTINGS } from './redis-settings.ts';
import {
  amount,
  commandLine,
  DEFAULT_TIME_ZONE,
  database,
  duration,
  onOff,
  pathTo,
  poolSize,
  postgres,
  schemaName,
  textThat,
  timeZone,
  urls,
  wordOf,
} from './schemas.ts';

export type SettingValue = string | number | boolean | Templates | RateLimits | readonly string[];

/** One setting: its sources, its meaning, the values it takes and its place in `Config`. */
export interface Setting {
  help: string;
  /** The environment variables that set it, the more specific first. */
  env: readonly string[];
  /** Its value may hold a password and is shown masked. */
  secret?: true;
  /** Its value is an object or an array in the file; it cannot be `{ "$env": … }` or `{ "$file": … }`. */
  structured?: true;
  /** Its value may be an array. */
  list?: true;
  /** Its value is a path; a relative one starts from the folder of the file that sets it. */
  path?: true;
  /** Its path in `Config`, if not its name: for a value with a unit. */
  as?: string;
  /** Checks a value as it is written, and turns it into the value in `Config`. */
  schema: z.ZodMiniType<SettingValue>;
  /** The default, as it would be written. */
  fallback?: SettingValue;
  /** A default that depends on other settings. */
  fallbackIn?: (basis: Basis) => string;
}

/** What defaults depend on: the folder of the user's data and that of the embedded database, and the schema. */
interface Basis {
  data: string;
  database: string;
  schema: string | undefined;
}

const retentionPeriod = (what: string, fallback: string) => ({
  help: `how long ${what}`,
  env: [],
  schema: textThat(isPeriod, 'must be a period such as 30d, 4w or 1y'),
  fallback,
});

/** Every setting by its path in the configuration file. */
export const SETTINGS = {
  database: {
    help: 'the database: embedded, or the URL of a PostgreSQL server',
    env: ['PINNACLE_DATABASE', 'DATABASE_URL'],
    secret: true,
    schema: database,
  },
  'database.schema': {
    help: 'the schema of the server that everything is in, which migrate up creates',
    env: ['PINNACLE_SCHEMA'],
    as: 'schema',
    schema: schemaName,
  },
  migrateUrl: {
    help: 'a direct URL for migrations, where the database is reached through a pooler',
    env: ['PINNACLE_MIGRATE_URL'],
    secret: true,
    schema: postgres,
  },
  replicas: {
    help: 'the URLs of replicas that lists and reports may be read from',
    env: ['PINNACLE_REPLICAS'],
    secret: true,
    list: true,
    schema: urls,
    fallback: [],
  },
  maxReplicaWait: {
    help: 'how long a report waits for a replica to catch up before the primary answers',
    env: ['PINNACLE_MAX_REPLICA_WAIT'],
    as: 'maxReplicaWaitMs',
    schema: duration,
    fallback: '200ms',
  },
  dataDir: {
    help: 'the folder of the embedded database',
    env: ['PINNACLE_DATA_DIR'],
    path: true,
    schema: pathTo('folder'),
    fallbackIn: ({ data }) => join(data, 'pinnacle', 'database'),
  },
  timeZone: {
    help: 'the time zone of the trading day',
    env: ['PINNACLE_TIME_ZONE'],
    schema: timeZone,
    fallback: DEFAULT_TIME_ZONE,
  },
  timeout: {
    help: 'how long to wait for the database before giving up',
    env: ['PINNACLE_TIMEOUT'],
    as: 'timeoutMs',
    schema: duration,
    fallback: '30s',
  },
  poolSize: {
    help: 'how many connections a command opens at most',
    env: ['PINNACLE_POOL_SIZE'],
    schema: poolSize,
    fallback: 4,
  },
  protected: {
    help: 'whether every write needs the name of the profile as its confirmation',
    env: ['PINNACLE_PROTECTED'],
    schema: onOff,
    fallback: false,
  },
  allowSuperuser: {
    help: 'whether a superuser or the owner of the tables may run daily work',
    env: ['PINNACLE_ALLOW_SUPERUSER'],
    schema: onOff,
    fallback: false,
  },
  ...REDIS_SETTINGS,
  ...BROKER_SETTINGS,
  'charges.schedule': {
    help: 'the file with the rates of brokerage, taxes and fees, in JSON (default: those that come with the program)',
    env: ['PINNACLE_CHARGES_SCHEDULE'],
    path: true,
    schema: pathTo('file'),
  },
  'order.tick': {
    help: 'the step of prices at the exchange, in rupees: the price of an order is a multiple of it',
    env: ['PINNACLE_ORDER_TICK'],
    schema: rupeesText,
    fallback: '0.01',
  },
  'order.checks': {
    help: 'what becomes of an order that the exchange would not take, by the instruments and the calendar that were imported',
    env: ['PINNACLE_ORDER_CHECKS'],
    schema: wordOf(['off', 'warn', 'refuse']),
    fallback: 'warn',
  },
  'guard.priceMove': {
    help: 'by how many percent the price of a fill or mark may be off the last one before you are asked; 0 asks never, nor about a fill worse than its limit',
    env: ['PINNACLE_GUARD_PRICE_MOVE'],
    schema: amount,
    fallback: 20,
  },
  'guard.shares': {
    help: 'how many shares a fill may have before you are asked; 0 asks never',
    env: ['PINNACLE_GUARD_SHARES'],
    schema: amount,
    fallback: 0,
  },
  'keyring.file': {
    help: 'the file of the key ring that broker credentials are encrypted with',
    env: ['PINNACLE_KEYRING_FILE'],
    path: true,
    schema: pathTo('file'),
  },
  'keyring.command': {
    help: 'a command that prints the key ring, as an array of its words; runs only if the file is named',
    env: [],
    structured: true,
    schema: commandLine,
  },
  'audit.signingKeyFile': {
    help: 'the Ed25519 key (PEM) that checkpoints of the audit log are signed with',
    env: ['PINNACLE_AUDIT_SIGNING_KEY_FILE'],
    path: true,
    schema: pathTo('file'),
  },
  'audit.anchorFile': {
    help: 'a file outside the database that every checkpoint of the audit log is appended to',
    env: ['PINNACLE_AUDIT_ANCHOR'],
    path: true,
    schema: pathTo('file'),
  },
  'backup.dir': {
    help: 'the folder of backups (default: backups, beside the folder of the embedded database)',
    env: ['PINNACLE_BACKUP_DIR'],
    path: true,
    schema: pathTo('folder'),
    fallbackIn: ({ database }) => join(dirname(database), 'backups'),
  },
  'backup.keyFile': {
    help: 'the file of backup keys, 32 bytes of base64 per line: the first encrypts, any decrypts',
    env: ['PINNACLE_BACKUP_KEY_FILE'],
    path: true,
    schema: pathTo('file'),
  },
  'risk.templates': {
    help: 'the risk rules for users of low, medium and high risk tolerance',
    env: [],
    structured: true,
    schema: riskTemplates,
    fallback: {},
  },
  'retention.sessions': retentionPeriod(
    'trading sessions are kept after their end',
    DEFAULT_PERIODS.sessions,
  ),
  'retention.riskRules': retentionPeriod(
    'the risk rules of disabled users are kept after their last change',
    DEFAULT_PERIODS.riskRules,
  ),
  'retention.notifications': retentionPeriod('notifications are kept', DEFAULT_PERIODS.notifications),
  'retention.idempotencyKeys': retentionPeriod(
    'the result of an idempotency key is kept',
    DEFAULT_PERIODS.idempotencyKeys,
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

/** The value of a setting in `Config`; undefined only where it has no default. */
type ValueOf<S extends Setting> =
  | z.output<S['schema']>
  | (S extends { fallback: unknown } | { fallbackIn: unknown } ? never : undefined);
type PathOf<N extends SettingName> = (typeof SETTINGS)[N] extends { as: infer P extends string } ? P : N;
type ByPath = { [N in SettingName as PathOf<N>]: ValueOf<(typeof SETTINGS)[N]> };

/** The values of all settings, nested by their paths: durations in milliseconds, paths absolute. */
export type Values = {
  readonly [P in keyof ByPath as P extends `${infer Group}.${string}`
    ? Group
    : P]: P extends `${infer Group}.${string}`
    ? { readonly [Q in keyof ByPath as Q extends `${Group}.${infer Key}` ? Key : never]: ByPath[Q] }
    : ByPath[P];
};

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** A URL without its password, or the value itself where it holds none. */
export function maskSecrets(value: string): string {
  // In a URL that cannot be parsed the password may hold anything: all up to the last @ is hidden.
  const password = URL.canParse(value)
    ? /^([a-z][a-z\d+.-]*:\/\/[^:/?#@]*):[^/?#]*@/i
    : /^([a-z][a-z\d+.-]*:\/\/[^:/?#@]*):.*@/is;
  return value.replace(password, '$1:***@').replace(/([?&](?:ssl)?password=)[^&#]*/gi, '$1***');
}
