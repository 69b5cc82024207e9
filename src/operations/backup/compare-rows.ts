import type { Kysely } from 'kysely';
import type { Connection } from '../../platform/postgres/connect.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Part, TableColumns } from './columns.ts';
import { readRows } from './copy-rows.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { rowDigest } from './row-digest.ts';

/** Is told of every part of the data that is loaded, then compares the tables with it. */
export interface Comparison {
  take: (part: Part) => void;
  /** Throws CorruptArchive where the rows of a table are not those that were loaded into it. */
  compare: (trx: Kysely<Database>) => Promise<void>;
}

/** A comparison of what is loaded into a schema with what it holds then, in whatever order. */
export function compareRows(kind: Connection['kind'], schema: string): Comparison {
  const found = new Map<string, { table: TableColumns; digest: ReturnType<typeof rowDigest> }>();
  let current = rowDigest();
  return {
    take(part) {
      if ('rows' in part) return current.take(part.rows);
      const known = found.get(part.table) ?? { table: part, digest: rowDigest() };
      found.set(part.table, known);
      current = known.digest;
    },
    async compare(trx) {
      for (const { table, digest } of found.values()) {
        const restored = rowDigest();
        for await (const piece of readRows(kind, trx, { schema, ...table })) restored.take(piece);
        if (restored.value() !== digest.value())
          throw new CorruptArchive('rows differ', `table ${table.table} is another once it is restored`);
      }
    },
  };
}
