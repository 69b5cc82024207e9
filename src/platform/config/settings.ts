import * as z from 'zod/mini';
import { DEFAULT_PERIODS, isPeriod } from '../../domain/retention-periods.ts';
import { riskTemplates, type Templates } from '../../domain/risk-limits.ts';
import { parseDuration } from '../../util/duration.ts';
import { fullZone } from './time-zone.ts';

export type SettingValue = string | number | boolean | Templates | readonly string[];

/** One setting: where it may come from, what it means, which values it takes. */
export interface Setting {
  help: string;
  /** The environment variables that set it, the more specific first. */
  env: readonly string[];
  /** Whether its value may hold a password and is shown masked. */
  secret?: true;
  /** Whether its value is an object of its own, and never stands elsewhere. */
  structured?: true;
  /** Whether its value may be an array. */
  list?: true;
  /** Whether it is the path of a file, which starts from the folder of what names it. */
  path?: true;
  schema: z.ZodMiniType<SettingValue>;
  fallback?: SettingValue;
}

const url = (schemes: readonly string[], what: string, word?: string) =>
  z.string({ error: `must be ${what}` }).check(
    z.refine((value) => value === word || schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
      error: `must be ${what}`,
    }),
  );

const postgres = url(['postgres', 'postgresql'], 'a URL such as postgres://user@host:5432/database');

const URLS = { error: 'must be an array of URLs such as ["postgres://user@replica:5432/database"]' };

/** In an environment variable or a file of its own they stand apart by blanks. */
const urls = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' ? value.trim().split(/\s+/) : value)),
  z.array(postgres, URLS),
);

/** Text that `isValid` neither refuses nor throws for. */
const textThat = (isValid: (value: string) => boolean, error: string) =>
  z.string({ error }).check(
    z.refine(
      (value) => {
        try {
          return isValid(value);
        } catch {
          return false;
        }
      },
      { error },
    ),
  );

// What Linux takes for a path.
const LONGEST_PATH = 4_096;
const place = (error: string) =>
  textThat((value) => value.trim() !== '' && value.length <= LONGEST_PATH, error);

// The longest a timer of Node or a timeout of PostgreSQL can be, in milliseconds.
const LONGEST = 2_147_483_647;

const duration = textThat((value) => {
  const ms = parseDuration(value);
  return ms > 0 && ms <= LONGEST;
}, 'must be a duration such as 500ms, 30s or 5m, at most 24d');

const retentionPeriod = (what: string, fallback: string) => ({
  help: `how long ${what}`,
  env: [],
  schema: textThat(isPeriod, 'must be a period such as 30d, 4w or 1y'),
  fallback,
});

const timeZone = textThat(
  (value) => Boolean(new Intl.DateTimeFormat('en', { timeZone: value })),
  'must be a time zone such as Asia/Kolkata',
).check(
  z.refine((value) => fullZone(value) === undefined, {
    error: ({ input }) =>
      `must be the full name of a time zone, such as ${fullZone(String(input))} for ${input}`,
  }),
);

const onOff = z.pipe(
  z.transform((value: unknown) =>
    value === 'true' || value === '1' ? true : value === 'false' ? false : value,
  ),
  z.boolean({ error: 'must be true or false' }),
);

const WHOLE = { error: 'must be a whole number from 1 to 100' };

const poolSize = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' ? Number(value) : value)),
  z.int(WHOLE).check(z.gte(1, WHOLE), z.lte(100, WHOLE)),
);

const listOf = (pattern: RegExp, what: string) => {
  const error = { error: `must be an array of ${what}` };
  return z.array(z.string(error).check(z.regex(pattern, error)), error).check(z.minLength(1, error));
};

const commandLine = listOf(/./s, 'words such as ["vault", "read", "keyring"]');
const addresses = listOf(/^[^\s/@]+:\d{1,5}$/, 'addresses such as ["redis1:26379", "redis2:26379"]');

/** Every setting by its path in the configuration file. */
export const SETTINGS = {
  database: {
    help: 'the database: embedded, or the URL of a PostgreSQL server',
    env: ['PINNACLE_DATABASE', 'DATABASE_URL'],
    secret: true,
    schema: url(
      ['postgres', 'postgresql'],
      'embedded or a URL such as postgres://user@host:5432/database',
      'embedded',
    ),
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
  },
  maxReplicaWait: {
    help: 'how long a report waits for a replica to catch up before the primary answers',
    env: ['PINNACLE_MAX_REPLICA_WAIT'],
    schema: duration,
    fallback: '200ms',
  },
  dataDir: {
    help: 'the folder of the embedded database',
    env: ['PINNACLE_DATA_DIR'],
    path: true,
    schema: place('must be a folder'),
  },
  timeZone: {
    help: 'the time zone of the trading day',
    env: ['PINNACLE_TIME_ZONE'],
    schema: timeZone,
    fallback: 'Asia/Kolkata',
  },
  timeout: {
    help: 'how long to wait for the database before giving up',
    env: ['PINNACLE_TIMEOUT'],
    schema: duration,
    fallback: '30s',
  },
  poolSize: {
    help: 'the most connections one command opens',
    env: ['PINNACLE_POOL_SIZE'],
    schema: poolSize,
    fallback: 4,
  },
  protected: {
    help: 'whether every write must be agreed to by the name of the profile',
    env: ['PINNACLE_PROTECTED'],
    schema: onOff,
    fallback: false,
  },
  allowSuperuser: {
    help: 'whether a superuser or the owner of the tables may do daily work',
    env: ['PINNACLE_ALLOW_SUPERUSER'],
    schema: onOff,
    fallback: false,
  },
  'redis.url': {
    help: 'the URL of Redis',
    env: ['REDIS_URL'],
    secret: true,
    schema: url(['redis', 'rediss'], 'a URL such as redis://host:6379/0'),
  },
  'redis.sentinels': {
    help: 'the sentinels that know the master; user, password, database and TLS are those of redis.url',
    env: [],
    structured: true,
    schema: addresses,
  },
  'redis.master': {
    help: 'the name that the sentinels have for the master',
    env: [],
    schema: textThat((value) => value.trim() !== '', 'must be a name'),
    fallback: 'mymaster',
  },
  'redis.cluster': {
    help: 'nodes of a Redis Cluster; user, password and TLS are those of redis.url',
    env: [],
    structured: true,
    schema: addresses,
  },
  'redis.ca': {
    help: 'the certificate (PEM) of the authority that vouches for Redis',
    env: ['PINNACLE_REDIS_CA'],
    path: true,
    schema: place('must be a file'),
  },
  'redis.prefix': {
    help: 'what every key in Redis begins with',
    env: ['PINNACLE_REDIS_PREFIX'],
    schema: textThat((value) => /^[\w.:-]{0,64}$/.test(value), 'must be plain characters such as live:'),
    fallback: '',
  },
  'redis.timeout': {
    help: 'how long a command waits for Redis',
    env: ['PINNACLE_REDIS_TIMEOUT'],
    schema: duration,
    fallback: '2s',
  },
  'market.staleAfter': {
    help: 'how old a quote may be before it is stale',
    env: ['PINNACLE_MARKET_STALE_AFTER'],
    schema: duration,
    fallback: '15m',
  },
  'keyring.file': {
    help: 'the file of the key ring that broker credentials are encrypted with',
    env: ['PINNACLE_KEYRING_FILE'],
    path: true,
    schema: place('must be a file'),
  },
  'keyring.command': {
    help: 'a command that prints the key ring, as an array of its words',
    env: [],
    structured: true,
    schema: commandLine,
  },
  'audit.signingKeyFile': {
    help: 'the Ed25519 key (PEM) that checkpoints of the audit log are signed with',
    env: ['PINNACLE_AUDIT_SIGNING_KEY_FILE'],
    path: true,
    schema: place('must be a file'),
  },
  'audit.anchorFile': {
    help: 'a file outside the database that every checkpoint of the audit log is appended to',
    env: ['PINNACLE_AUDIT_ANCHOR'],
    path: true,
    schema: place('must be a file'),
  },
  'backup.dir': {
    help: 'the folder of backups; backups beside the folder of the embedded database when left out',
    env: ['PINNACLE_BACKUP_DIR'],
    path: true,
    schema: place('must be a folder'),
  },
  'backup.keyFile': {
    help: 'the file of keys that backups are encrypted with, the first, and can be read with, any: 32 bytes of base64 a line',
    env: ['PINNACLE_BACKUP_KEY_FILE'],
    path: true,
    schema: place('must be a file'),
  },
  'risk.templates': {
    help: 'the risk rules for traders of low, medium and high risk tolerance',
    env: [],
    structured: true,
    schema: riskTemplates,
  },
  'retention.sessions': retentionPeriod(
    'trading sessions are kept after their end',
    DEFAULT_PERIODS.sessions,
  ),
  'retention.riskRules': retentionPeriod(
    'the risk rules of disabled traders are kept after their last change',
    DEFAULT_PERIODS.riskRules,
  ),
  'retention.notifications': retentionPeriod('notifications are kept', DEFAULT_PERIODS.notifications),
  'retention.idempotencyKeys': retentionPeriod(
    'what an idempotency key stands for is kept',
    DEFAULT_PERIODS.idempotencyKeys,
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** A URL without its password, or the value itself where it holds none. */
export function maskSecrets(value: string): string {
  // In a URL that cannot be parsed the password may hold anything: all up to the last @ is hidden.
  const password = URL.canParse(value)
    ? /^([a-z][a-z\d+.-]*:\/\/[^:/?#@]*):[^/?#]*@/i
    : /^([a-z][a-z\d+.-]*:\/\/[^:/?#@]*):.*@/is;
  return value.replace(password, '$1:***@').replace(/([?&](?:ssl)?password=)[^&#]*/gi, '$1***');
}
