import { basename, resolve } from 'node:path';
import { changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { choice, optional, parsed, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { DATE_ORDERS } from '../../domain/instant.ts';
import { timeZone } from '../../platform/config/schemas.ts';
import { type Numbered, openTable, readAll, type Values } from '../../platform/files/open-table.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import {
  type BadLine,
  openRejects,
  rejectedLinesError,
  rejectsPath,
  withRejects,
} from '../../platform/files/rejects-file.ts';
import { Failure } from '../../util/failure.ts';

/** The flags of an import that can go on behind bad lines. */
export const importFlags = {
  keepGoing: toggle('import the good lines and list the bad ones in a file'),
  rejects: optional(text('FILE', 'the file for the bad lines (default: FILE.rejects.csv)', 4_096)),
};

/** The flags of an import of rows with times. */
export const timeFlags = {
  timeZone: optional(
    parsed(timeZone, 'ZONE', 'the zone of times without an offset (default: the trading time zone)'),
  ),
  dates: optional(choice(DATE_ORDERS, 'ORDER', 'read dates such as 03/04/2026 as day or month first')),
};

interface Kind<T, Extra extends object> {
  columns: Columns;
  /** Parses a row, or returns why it is invalid. */
  read: (values: Values) => T | { reason: string };
  /** The rows that conflict with each other or with existing rows. */
  refuse: (trx: Trx, rows: readonly Numbered<T>[]) => Promise<BadLine[]>;
  write: (trx: Trx, values: readonly T[]) => Promise<void>;
  /** Undoes the effects of `write` outside the database if nothing was committed. */
  undo?: () => Promise<void>;
  /** Columns of the result in addition to the counts. */
  extra: () => Extra;
  /** The target of the audit row. */
  target: string;
}

interface Input {
  file: string;
  keepGoing: boolean;
  rejects: string | undefined;
}

// The rows are held in memory: users and strategies, not orders.
const MAX_ROWS = 100_000;
const HINT = 'Correct the file, or import the good lines with --keep-going.';

/** Imports a small file in one transaction: all rows or, with --keep-going, the valid ones. */
export async function importSmall<T extends object, Extra extends object>(
  ctx: Context,
  input: Input,
  kind: Kind<T, Extra>,
) {
  const path = input.file === '-' ? '-' : resolve(ctx.cwd, input.file);
  const rejects = input.keepGoing ? await openRejects(rejectsPath(path, input.rejects, ctx.cwd)) : undefined;
  try {
    const table = await openTable(path, kind.columns, ctx);
    const { rows, bad } = await readAll(table, kind.read, { signal: ctx.signal, most: MAX_ROWS });
    const result = await ctx
      .change(async (trx) => {
        await rejects?.restart();
        const refused = await kind.refuse(trx, rows);
        const lines = [...bad, ...refused].sort((a, b) => a.line - b.line);
        if (lines.length > 0 && !rejects) throw rejectedLinesError(lines.slice(0, 10), lines.length, HINT);
        await rejects?.add(lines);
        const kept = new Set(refused.map(({ line }) => line));
        const values = rows.filter(({ line }) => !kept.has(line)).map(({ value }) => value);
        if (values.length > 0) await kind.write(trx, values);
        const tally = { imported: values.length, rejected: lines.length };
        const result = withRejects({ ...tally, ...kind.extra() }, rejects);
        return changedIf(values.length > 0, result, kind.target, { file: basename(path), ...tally });
      })
      .catch(async (error) => {
        // If the outcome of the commit is unknown, nothing is undone.
        if (!(error instanceof Failure && error.kind === 'unknown')) await kind.undo?.();
        throw error;
      });
    await rejects?.keep();
    return result;
  } finally {
    await rejects?.discard();
  }
}

/** The rows whose key an earlier row has, or that is already taken. */
export function repeated<T>(
  rows: readonly Numbered<T>[],
  name: string,
  keyOf: (value: T) => string,
  taken: ReadonlySet<string>,
): BadLine[] {
  const lines = new Map<string, number>();
  return rows.flatMap(({ line, value }) => {
    const key = keyOf(value);
    const before = lines.get(key);
    if (before !== undefined) return [{ line, reason: `${name} ${key} is that of line ${before}` }];
    lines.set(key, line);
    return taken.has(key) ? [{ line, reason: `${name} ${key} is taken` }] : [];
  });
}
