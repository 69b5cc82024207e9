import * as z from 'zod/mini';
import { DAY_OR_WORD_RULE, DAY_PLACEHOLDER, isBookDay, isDayWord } from '../domain/day.ts';
import { existingIdText, idText } from '../domain/id.ts';
import { isInstant, isWrittenDay, TIME_RULE } from '../domain/instant.ts';
import { priceText, type Rupees, rupeesText, sharesText } from '../domain/money.ts';
import { parseDuration } from '../util/duration.ts';
import { parseJson } from '../util/json.ts';
import { plainLowerCase } from '../util/text.ts';

/** A positional argument or a flag: how it is written, what it means, and the rule its text must pass. */
export interface Param<Value = unknown> {
  schema: z.ZodMiniType<Value>;
  help: string;
  /** The placeholder for the value in the usage line; a switch has none. */
  placeholder?: string;
  required: boolean;
  /** Another flag that replaces this one: a file that may hold the value. */
  unless?: string;
  /** The allowed words, for help, completion and prompts. */
  choices?: readonly string[];
  /** What a flag means that stands alone, without a value. */
  alone?: string;
  /** What is used when it is not given, as shown in help. */
  fallback?: string;
  /** Its text may hold a secret and is never echoed. */
  secret?: true;
  /** The path of a file whose content is input, too, if its value names one. */
  content?(value: unknown): string | undefined;
  /** The last argument, which may be given any number of times. */
  many?: true;
  /** Several values: with commas between them, or the flag given several times. */
  several?: true;
  /** What it was in earlier versions, which still read it so; help no longer says it. */
  formerly?: 'flag' | 'argument';
}

export type Params = Record<string, Param>;
export type Values<P extends Params> = { [K in keyof P]: P[K] extends Param<infer V> ? V : never };

const required = <V>(schema: Param<V>['schema'], placeholder: string, help: string): Param<V> => ({
  schema,
  placeholder,
  help,
  required: true,
});

/** The same parameter, but optional. */
export function optional<V>(param: Param<V>): Param<V | undefined> {
  return { ...param, required: false, schema: z.optional(param.schema) };
}

/** The same parameter, but optional if another flag, such as a file, is given. */
export function requiredUnless<V>(other: string, param: Param<V>): Param<V | undefined> {
  return { ...optional(param), required: true, unless: other };
}

/** The same parameter with a default value. */
export function withDefault<V>(param: Param<V>, text: string): Param<V> {
  return { ...param, required: false, fallback: text, schema: z.prefault(param.schema, text) };
}

/** The same flag, which may also stand alone: then its value is `text`. */
export function orAlone<V>(param: Param<V>, text: string): Param<V> {
  return { ...param, alone: text };
}

/** The same argument any number of times, none included; it must be the last of its verb. */
export function many<V>(param: Param<V>): Param<V[]> {
  return { ...param, required: false, many: true, schema: z.prefault(z.array(param.schema), []) };
}

const MOST_VALUES = 100;

/** The same flag with several values, each once, in the order in which they are given. */
export function several<V>(param: Param<V>): Param<V[]> {
  const most = z.maxLength(MOST_VALUES, { error: `takes at most ${MOST_VALUES} values` });
  const schema = z.pipe(
    z.pipe(z.transform(piecesOf), z.array(param.schema).check(most)),
    z.transform((values: V[]) => [...new Set(values)]),
  );
  return { ...param, several: true, schema };
}

/** The texts that a flag with several values is given. */
export const piecesOf = (given: unknown): unknown[] =>
  [given]
    .flat()
    .flatMap((text) => (typeof text === 'string' ? text.split(',').map((one) => one.trim()) : [text]));

/** The same parameter, which earlier versions read in another place. */
export function formerly<V>(place: NonNullable<Param['formerly']>, param: Param<V>): Param<V> {
  return { ...param, formerly: place };
}

/** The same parameter, never echoed in an error. */
export function secret<V>(param: Param<V>): Param<V> {
  return { ...param, secret: true };
}

/** A line of text of 1 to `max` characters. */
export function text(placeholder: string, help: string, max = 255): Param<string> {
  const schema = z.string().check(
    z.refine((value) => value.trim() !== '', { error: 'must not be empty' }),
    z.refine((value) => value.length <= max, { error: `must have at most ${max} characters` }),
    z.refine((value) => !/[\p{Cc}\p{Cs}]/u.test(value), { error: 'must not contain control characters' }),
  );
  return required(schema, placeholder, help);
}

/** The path of a file that is read, or - for stdin. Its content is part of the input under an --idempotency-key. */
export function inputFile(help: string): Param<string> {
  return withContent(text('FILE', help, 4_096), (path) => path);
}

/** The same parameter, whose value may name a file that is read: its content is part of the input. */
export function withContent<V>(param: Param<V>, content: (value: V) => string | undefined): Param<V> {
  return { ...param, content };
}

/** An identifier: letters, digits and `_ . : -`, at most `max` characters. */
export function identifier(placeholder: string, help: string, max = 50): Param<string> {
  return required(idText(max), placeholder, help);
}

/** The id of something that is there, which another program may have made: single spaces, too. */
export function reference(placeholder: string, help: string, max = 50): Param<string> {
  return required(existingIdText(max), placeholder, help);
}

/** Any schema over text, for a domain's own rules. */
export function parsed<V>(schema: z.ZodMiniType<V, string>, placeholder: string, help: string): Param<V> {
  return required(schema, placeholder, help);
}

/** A whole number between `min` and `max`. */
export function integer(placeholder: string, help: string, min = 1, max = 2_147_483_647): Param<number> {
  const error = `must be a whole number from ${min} to ${max}`;
  const schema = z.pipe(
    z.string().check(z.regex(/^[+-]?\d{1,15}$/, { error })),
    z.pipe(
      z.transform((value: string) => Number(value)),
      z.number().check(z.refine((n) => n >= min && n <= max, { error })),
    ),
  );
  return required(schema, placeholder, help);
}

/** A decimal number in plain notation, from `min` up. */
export function decimal(placeholder: string, help: string, min = 0, max = 1e12): Param<number> {
  const error = `must be a number from ${min} to ${max} with at most 10 decimals, such as 2450.50`;
  const schema = z.pipe(
    z.string().check(z.regex(/^[+-]?\d{1,15}(\.\d{1,10})?$/, { error })),
    z.pipe(
      z.transform((value: string) => Number(value)),
      z.number().check(z.refine((n) => n >= min && n <= max, { error })),
    ),
  );
  return required(schema, placeholder, help);
}

/** Rupees with at most two decimals, kept as text so that no paisa is lost. */
export function money(placeholder: string, help: string): Param<Rupees> {
  return required(rupeesText, placeholder, help);
}

/** A price in rupees a share. */
export function price(help: string): Param<number> {
  return required(priceText, 'PRICE', help);
}

/** A number of shares, 1 or more. */
export function shares(help: string): Param<number> {
  return required(sharesText, 'SHARES', help);
}

/** One of a few words; upper case where the words are, so `buy` is BUY. */
export function choice<const W extends string>(
  words: readonly W[],
  placeholder: string,
  help: string,
): Param<W> {
  const schema = z.pipe(
    z.transform((value: unknown) =>
      typeof value === 'string'
        ? (words.find((w) => w.toLowerCase() === plainLowerCase(value)) ?? value)
        : value,
    ),
    z.enum(words as unknown as Readonly<Record<string, W>>, { error: `must be one of ${words.join(', ')}` }),
  );
  return { ...required<W>(schema, placeholder, help), choices: words };
}

/** A time as an operator writes it; the verb turns it into UTC with `ctx.instant`. */
export function time(help: string): Param<string> {
  return required(z.string().check(z.refine(isInstant, { error: TIME_RULE })), 'TIME', help);
}

/** A calendar day, YYYY-MM-DD for the verb, whatever word for it an operator writes. */
export function day(help: string): Param<string> {
  const schema = z.string().check(
    z.refine((value) => isDayWord(value) || (isWrittenDay(value) && isBookDay(value)), {
      error: DAY_OR_WORD_RULE,
    }),
  );
  return required(schema, DAY_PLACEHOLDER, help);
}

/** A duration such as 30s, in milliseconds. */
export function duration(help: string): Param<number> {
  const schema = z.pipe(
    z
      .string()
      .check(
        z.regex(/^\d{1,9}(ms|s|m|h|d|w)$/, { error: 'must be a duration such as 500ms, 30s, 5m or 24h' }),
      ),
    z.transform((value: string) => parseDuration(value)),
  );
  return required(schema, 'DURATION', help);
}

/** The longest pause between two looks; a timer takes 24 days. */
const LONGEST_INTERVAL = '24h';

/** How long to wait between two looks, in milliseconds: at least so many, or it would only load what it looks at. */
export function interval(help: string, leastMs: number): Param<number> {
  const { schema, ...rest } = duration(help);
  const isPossible = (ms: number) => ms >= leastMs && ms <= parseDuration(LONGEST_INTERVAL);
  const error = `must be at least ${leastMs}ms and at most ${LONGEST_INTERVAL}`;
  return { ...rest, schema: schema.check(z.refine(isPossible, { error })) };
}

/** A comma-separated list of words. */
export function words(placeholder: string, help: string): Param<string[]> {
  const schema = z.pipe(
    z.string(),
    z.transform((value: string) =>
      value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  );
  return required(schema, placeholder, help);
}

/** A switch: given or not. */
export function toggle(help: string): Param<boolean> {
  const schema = z.transform((value: unknown) => value === true);
  return { schema, help, required: false };
}

/** A JSON object, with the limits of util/json.ts. */
export function json(placeholder: string, help: string): Param<Record<string, unknown>> {
  const schema = z.string().check((ctx) => {
    const complaint = jsonProblem(ctx.value);
    if (complaint) ctx.issues.push({ code: 'custom', input: ctx.value, message: complaint });
  });
  const parse = z.transform((value: string) => parseJson(value) as Record<string, unknown>);
  return required(z.pipe(schema, parse), placeholder, help);
}

function jsonProblem(text: string): string | undefined {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'must be a JSON object';
  } catch (error) {
    return (error as Error).message;
  }
}

/** The flags of every read that can be watched. */
export const watchFlags = {
  watch: toggle('show it again and again, until interrupted'),
  interval: withDefault(interval('how long to wait between two looks, with --watch', 100), '2s'),
};
