import * as z from 'zod/mini';
import { parseDuration } from '../util/duration.ts';

/** One setting: where it may come from, what it means, which values it takes. */
export interface Setting {
  help: string;
  /** The environment variables that set it, the more specific first. */
  env: readonly string[];
  /** Whether its value may hold a password and is shown masked. */
  secret?: true;
  schema: z.ZodMiniType<string | number | boolean>;
  fallback?: string | number | boolean;
}

const url = (schemes: readonly string[], what: string) =>
  z.string().check(
    z.refine((value) => schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
      error: `must be ${what}`,
    }),
  );

const postgres = url(['postgres', 'postgresql'], 'a URL such as postgres://user@host:5432/database');

const duration = z.string().check(
  z.refine(
    (value) => {
      try {
        return parseDuration(value) > 0;
      } catch {
        return false;
      }
    },
    { error: 'must be a duration such as 500ms, 30s or 5m' },
  ),
);

const timeZone = z.string().check(
  z.refine(
    (value) => {
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: value }));
      } catch {
        return false;
      }
    },
    { error: 'must be a time zone such as Asia/Kolkata' },
  ),
);

const onOff = z.pipe(
  z.transform((value: unknown) =>
    value === 'true' || value === '1' ? true : value === 'false' ? false : value,
  ),
  z.boolean({ error: 'must be true or false' }),
);

const poolSize = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' ? Number(value) : value)),
  z
    .int({ error: 'must be a whole number from 1 to 100' })
    .check(
      z.gte(1, { error: 'must be a whole number from 1 to 100' }),
      z.lte(100, { error: 'must be a whole number from 1 to 100' }),
    ),
);

/** Every setting by its path in the configuration file. */
export const SETTINGS = {
  database: {
    help: 'the database: embedded, or the URL of a PostgreSQL server',
    env: ['PINNACLE_DATABASE', 'DATABASE_URL'],
    secret: true,
    schema: z.union([z.literal('embedded'), postgres], {
      error: 'must be embedded or a URL such as postgres://user@host:5432/database',
    }),
  },
  migrateUrl: {
    help: 'a direct URL for migrations, where the database is reached through a pooler',
    env: ['PINNACLE_MIGRATE_URL'],
    secret: true,
    schema: postgres,
  },
  dataDir: {
    help: 'the folder of the embedded database',
    env: ['PINNACLE_DATA_DIR'],
    schema: z.string().check(z.minLength(1, { error: 'must be a folder' })),
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
  'redis.url': {
    help: 'the URL of Redis',
    env: ['REDIS_URL'],
    secret: true,
    schema: url(['redis', 'rediss'], 'a URL such as redis://host:6379/0'),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** A URL without its password, or the value itself where it is none. */
export function masked(value: string): string {
  return value
    .replace(/^([a-z]+:\/\/[^:/?#@]*):[^@/]*@/i, '$1:***@')
    .replace(/([?&]password=)[^&]*/i, '$1***');
}
