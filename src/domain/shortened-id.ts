import { cutToWidth } from '../util/text-width.ts';
import { ULID_CHARS } from './id.ts';

/**
 * The prefixes of generated ids that a table may shorten, since every command finds them so, by what stands for such an id in
 * help.
 */
const SHORTENABLE = {
  USER: 'usr',
  ORDER: 'ord',
  FILL: 'fil',
  POSITION: 'pos',
  SESSION: 'ses',
  NOTIFICATION: 'ntf',
  FLOW: 'flo',
  ACTION: 'act',
  MERGE: 'mrg',
  HALT: 'hlt',
  ROUTE: 'rte',
  DELIVERY: 'dlv',
} as const;
export type Shortenable = keyof typeof SHORTENABLE;

const PREFIX = `(?:${Object.values(SHORTENABLE).join('|')})_`;
const PREFIX_CHARS = 'ord_'.length;
/** A generated id with one of them; its source is a pattern of PostgreSQL, too. */
export const WHOLE_ID = new RegExp(`^${PREFIX}[0-9A-HJKMNP-TV-Z]{${ULID_CHARS}}$`);

/** Of its beginning a shortened id has its time to nine hours, about the trading day. */
const START_CHARS = 5;
/**
 * There are a billion endings. Of shorter ones, an id of one's own with a typing error would often be that of some order among
 * millions.
 */
const END_CHARS = 6;

const SHORTEST = PREFIX_CHARS + START_CHARS + END_CHARS;

/** The text in so many columns: a generated id without its middle, any other text without its end. */
export function shortened(text: string, columns: number, ellipsis: string): string {
  const start = columns - ellipsis.length - END_CHARS;
  if (text.length <= columns || start < 0 || !WHOLE_ID.test(text)) return cutToWidth(text, columns, ellipsis);
  return `${text.slice(0, start < PREFIX_CHARS ? 0 : start)}${ellipsis}${text.slice(-END_CHARS)}`;
}

/** The columns, at least so many, in which the generated ids among these texts still differ from each other; 0 if there are none. */
export function leastColumns(
  texts: readonly string[],
  ellipsis: string,
  least = SHORTEST + ellipsis.length,
): number {
  const ids = [...new Set(texts)].filter((text) => WHOLE_ID.test(text));
  let columns = ids.length === 0 ? 0 : least;
  while (new Set(ids.map((id) => shortened(id, columns, ellipsis))).size < ids.length) columns++;
  return columns;
}

/** What is known of a generated id: what it begins with, its prefix at least, and what it ends with, if anything. */
export interface IdPart {
  kind: Shortenable;
  start: string;
  end: string;
}

const CHARS = `[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{0,${ULID_CHARS}}`;
const PART = new RegExp(`^(?:(${PREFIX})(${CHARS}))?(?:…|\\.\\.\\.)?(${CHARS})$`);

const isShortenable = (placeholder: string): placeholder is Shortenable =>
  Object.hasOwn(SHORTENABLE, placeholder);

/**
 * What a text says of the id that it stands for in help as this placeholder: its beginning, its ending, or both around an
 * ellipsis, in any case of letters. Undefined for a whole id, for what says too little, and for what stands for no such id.
 */
export function idPart(placeholder: string, text: string): IdPart | undefined {
  if (!isShortenable(placeholder) || WHOLE_ID.test(text)) return undefined;
  const parts = PART.exec(text);
  if (parts === null) return undefined;
  const prefix = `${SHORTENABLE[placeholder]}_`;
  const [, written = prefix, start = '', end = ''] = parts;
  const known = start.length + end.length;
  const isEnough = start.length >= START_CHARS || known >= END_CHARS;
  if (written !== prefix || !isEnough || known > ULID_CHARS) return undefined;
  return { kind: placeholder, start: prefix + start.toUpperCase(), end: end.toUpperCase() };
}

/** The first and the last id that begin so. */
export const boundsOf = ({ start }: IdPart): [first: string, last: string] => [
  start.padEnd(PREFIX_CHARS + ULID_CHARS, '0'),
  start.padEnd(PREFIX_CHARS + ULID_CHARS, 'Z'),
];
