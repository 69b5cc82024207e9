import { type Instant, isWrittenDay, writtenInstant } from '../domain/instant.ts';
import { usage } from '../util/failure.ts';
import { integer, optional, text, toggle } from './flags.ts';
import type { Io } from './io.ts';
import type { Row } from './rows.ts';

const DEFAULT_LIMIT = 50;

/** The flags of every list. */
export const pageFlags = {
  limit: {
    ...optional(integer('N', 'at most this many rows', 1, 1_000_000)),
    fallback: String(DEFAULT_LIMIT),
  },
  all: toggle('every row, streamed'),
  after: optional(text('CURSOR', 'go on behind this cursor, as the page before named it', 500)),
};

export interface PageInput {
  limit: number | undefined;
  all: boolean;
  after: string | undefined;
  /** The order of the rows, where it is not the usual one of the list: a cursor of another is refused. */
  orderedBy?: string | undefined;
}

/** The start of a keyset page: the values of the sort columns of the last row before it. */
export type Keyset = readonly string[];

const BATCH_ROWS = 1_000;

/**
 * A list by keyset, never by OFFSET, so that a deep page costs no more than the first. `fetch` returns up to `limit`
 * rows after a keyset, `keyOf` the keyset of a row. With --all the rows are streamed in batches; otherwise one page is
 * returned, and if there are more rows, stderr names the cursor. `whenNone` runs if there are no rows at all.
 */
export async function page<R extends Row>(
  input: PageInput,
  io: Io,
  fetch: (limit: number, after: Keyset | undefined) => Promise<R[]>,
  keyOf: (row: R) => Keyset,
  whenNone?: () => Promise<void>,
): Promise<R[] | AsyncIterable<R>> {
  if (input.all && input.limit !== undefined) throw usage('--all and --limit exclude each other.');
  const after = input.after === undefined ? undefined : decode(input.after, input.orderedBy);
  const limit = input.limit ?? DEFAULT_LIMIT;
  const rows = await fetch(input.all ? BATCH_ROWS : limit + 1, after);
  if (rows.length === 0 && after === undefined) await whenNone?.();
  if (input.all) return stream(rows, fetch, keyOf);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  if (last && rows.length > limit)
    io.afterwards.push(
      `There are more than these ${shown.length}: --all, or --after ${encode(keyOf(last), input.orderedBy)}`,
    );
  return shown;
}

async function* stream<R extends Row>(
  first: R[],
  fetch: (limit: number, after: Keyset | undefined) => Promise<R[]>,
  keyOf: (row: R) => Keyset,
): AsyncGenerator<R> {
  let rows = first;
  for (;;) {
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < BATCH_ROWS) return;
    rows = await fetch(BATCH_ROWS, keyOf(last));
  }
}

/**
 * The time, and the id or ids after which a page of a list by time begins; throws a usage error if the cursor belongs to
 * another list.
 */
export function timeKeyset(keyset: Keyset, parts = 2): [Instant, ...string[]] {
  const [at = '', ...behind] = partsOf(keyset, parts);
  const time = writtenInstant(at, 'UTC');
  if (time === undefined) throw notACursor();
  return [time, ...behind];
}

/** The day, YYYY-MM-DD, and the id after which a page of a list by day begins; throws the same. */
export function dayKeyset(keyset: Keyset): [day: string, id: string] {
  const [day = '', id = ''] = partsOf(keyset, 2);
  if (!isWrittenDay(day)) throw notACursor();
  return [day, id];
}

/** The id after which a page of a list by id begins, from the cursor; throws the same. */
export function idKeyset<Id extends string>(keyset: Keyset): Id {
  const [id = ''] = partsOf(keyset, 1);
  if (id === '') throw notACursor();
  return id as Id;
}

/** A cursor of so many parts; throws the same for another, which somebody made by hand. */
export function partsOf(keyset: Keyset, parts: number): Keyset {
  if (keyset.length !== parts) throw notACursor();
  return keyset;
}

/** Begins a cursor that names its order; no time, number or id does. */
const ORDER_MARK = '~';

function encode(key: Keyset, order: string | undefined): string {
  const parts = order === undefined ? key : [ORDER_MARK + order, ...key];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function decode(cursor: string, order: string | undefined): Keyset {
  const parts = readCursor(cursor);
  const named = parts[0]?.startsWith(ORDER_MARK) ? parts[0].slice(ORDER_MARK.length) : undefined;
  if (named === order) return named === undefined ? parts : parts.slice(1);
  throw usage(
    '--after is a cursor of this list in another order.',
    'Give --sort and --reverse as for the page that named it.',
  );
}

function readCursor(cursor: string): Keyset {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.every((part) => typeof part === 'string')) return key;
  } catch {
    // Not base64url of JSON: reported below.
  }
  throw notACursor();
}

export const notACursor = () =>
  usage('--after is not a cursor of this list.', 'Take it from the line that the page before ended with.');
