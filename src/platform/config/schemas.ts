import * as z from 'zod/mini';
import { TIMESTAMP_FORMS } from '../../domain/quote.ts';
import { MAX_TIMER_MS, parseDuration } from '../../util/duration.ts';
import { fullZone } from './time-zone.ts';

// The rules of values of settings.

export const url = (schemes: readonly string[], what: string, word?: string) =>
  z.string({ error: `must be ${what}` }).check(
    z.refine((value) => value === word || schemes.some((scheme) => value.startsWith(`${scheme}://`)), {
      error: `must be ${what}`,
    }),
  );

/** The URL of a server; a driver that other programs name in it, as `postgresql+asyncpg://`, is left out. */
const serverUrl = (what: string, word?: string) =>
  z.pipe(
    z.pipe(
      z.string({ error: `must be ${what}` }),
      z.transform((value: string) => value.replace(/^(postgres(?:ql)?)\+\w+:/i, '$1:')),
    ),
    url(['postgres', 'postgresql'], what, word),
  );

export const postgres = serverUrl('a URL such as postgres://user@host:5432/database');

export const database = serverUrl('embedded or a URL such as postgres://user@host:5432/database', 'embedded');

const URLS = { error: 'must be an array of URLs such as ["postgres://user@replica:5432/database"]' };

/** An array; in an environment variable or a file of its own, words separated by blanks. */
export const urls = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' ? value.trim().split(/\s+/) : value)),
  z.array(postgres, URLS),
);

/** Text for which `isValid` is true and does not throw. */
export const textThat = (isValid: (value: string) => boolean, error: string) =>
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

// The limit of Linux.
const MAX_PATH_CHARS = 4_096;
export const pathTo = (what: 'file' | 'folder') =>
  textThat((value) => value.trim() !== '' && value.length <= MAX_PATH_CHARS, `must be a ${what}`);

/** A name that PostgreSQL takes without quotes, and none of its own. */
export const schemaName = textThat(
  (value) => /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(value),
  'must be the name of a schema in lower case, such as desk_a',
);

/** A duration, in milliseconds. */
export const duration = z.pipe(
  textThat((value) => {
    const ms = parseDuration(value);
    return ms > 0 && ms <= MAX_TIMER_MS;
  }, 'must be a duration such as 500ms, 30s or 5m, at most 24d'),
  z.transform((value: string) => parseDuration(value)),
);

// What docs/schema.md gives a quote, and retention lets it live.
const MAX_LIFETIME_MS = 30 * 86_400_000;

/** How long a quote lives, in milliseconds. */
export const lifetime = z.pipe(
  textThat((value) => {
    const ms = parseDuration(value);
    return ms >= 1_000 && ms <= MAX_LIFETIME_MS;
  }, 'must be a duration from 1s to 30d'),
  z.transform((value: string) => parseDuration(value)),
);

export const timestampForm = z.enum(TIMESTAMP_FORMS, {
  error: `must be one of ${TIMESTAMP_FORMS.join(', ')}`,
});

export const DEFAULT_TIME_ZONE = 'Asia/Kolkata';

// The first use of Intl takes longer than all the rest of the configuration.
export const timeZone = textThat(
  (value) => value === DEFAULT_TIME_ZONE || Boolean(new Intl.DateTimeFormat('en', { timeZone: value })),
  'must be a time zone such as Asia/Kolkata',
).check(
  z.refine((value) => fullZone(value) === undefined, {
    error: ({ input }) =>
      `must be the full name of a time zone, such as ${fullZone(String(input))} for ${input}`,
  }),
);

export const onOff = z.pipe(
  z.transform((value: unknown) =>
    value === 'true' || value === '1' ? true : value === 'false' ? false : value,
  ),
  z.boolean({ error: 'must be true or false' }),
);

const WHOLE = { error: 'must be a whole number from 1 to 100' };

export const poolSize = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' ? Number(value) : value)),
  z.int(WHOLE).check(z.gte(1, WHOLE), z.lte(100, WHOLE)),
);

/** A number that is not negative; in an environment variable, as text. */
export const amount = z.pipe(
  z.transform((value: unknown) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value)),
  z.number({ error: 'must be a number' }).check(z.gte(0, { error: 'must not be negative' })),
);

const listOf = (pattern: RegExp, what: string) => {
  const error = { error: `must be an array of ${what}` };
  return z.array(z.string(error).check(z.regex(pattern, error)), error).check(z.minLength(1, error));
};

export const commandLine = listOf(/./s, 'words such as ["vault", "read", "keyring"]');
export const addresses = listOf(/^[^\s/@]+:\d{1,5}$/, 'addresses such as ["redis1:26379", "redis2:26379"]');

/** One of some words. */
export const wordOf = <const W extends readonly string[]>(words: W) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` });
