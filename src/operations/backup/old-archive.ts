import type * as z from 'zod/mini';
import { COLUMNS } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { type End, type Facts, oldHeaderSchema, oldTrailerSchema, parsed } from './manifest.ts';
import { tableOf } from './old-dump.ts';

/** The facts of an archive of format 1, from its first and last line. Throws CorruptArchive. */
export function readOldLines(first: unknown, last: unknown): { facts: Facts; end: End } {
  const header = parsed(oldHeaderSchema, first, 'first');
  const { rows, ...end } = parsed(oldTrailerSchema, last, 'last');
  const { created_at, database, phase, cluster, next_txid, key_ids, encryption } = header;
  return {
    facts: {
      ...{ format: 1, created_at, database, phase, cluster, next_txid, key_ids },
      scripts: header.scripts.map(({ phase, name, up_sha256 }) => ({
        name: `${phase}_${name}`,
        sha256: up_sha256,
      })),
      encrypted: encryption !== null,
      key: encryption,
      counts: countsOf(rows),
      manifest: undefined,
    },
    end,
  };
}

/** The rows per table of ours: format 1 counted those of each partition. */
function countsOf(rows: z.infer<typeof oldTrailerSchema>['rows']) {
  const counts = new Map<string, number>();
  for (const [name, n] of Object.entries(rows)) {
    const table = tableOf(name);
    if (!COLUMNS.has(table))
      throw new CorruptArchive('foreign', `it holds table ${table}, which is none of Pinnacle's`);
    counts.set(table, (counts.get(table) ?? 0) + n);
  }
  return [...counts].map(([table, rows]) => ({ table, rows }));
}
