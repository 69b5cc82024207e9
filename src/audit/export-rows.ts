import type { Kysely } from 'kysely';
import { csvLines } from '../cli/csv.ts';
import type { Fields } from '../cli/output.ts';
import type { Database } from '../db/schema.ts';
import { readEntries } from './store.ts';

const BATCH = 5_000;

const FIELDS = {
  id: { type: 'integer' },
  txid: { type: 'integer' },
  at: { type: 'time' },
  actor: { type: 'text' },
  command: { type: 'text' },
  target: { type: 'text' },
  body: { type: 'text' },
  seq: { type: 'integer' },
  cluster: { type: 'integer' },
  hash: { type: 'integer' },
} as const satisfies Fields;
const NAMES = Object.keys(FIELDS);

/** Hands out the log of one moment as text, in chunks of so many entries. */
export async function exportEntries(
  db: Kysely<Database>,
  format: 'ndjson' | 'csv',
  take: (chunk: string, rows: number) => Promise<void>,
): Promise<void> {
  if (format === 'csv') await take(`${NAMES.join(',')}\n`, 0);
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      let rows = await readEntries(trx, '0', BATCH);
      while (rows.length > 0) {
        const chunk =
          format === 'csv'
            ? csvLines(rows, NAMES, FIELDS)
            : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
        await take(chunk, rows.length);
        rows = await readEntries(trx, rows.at(-1)?.id ?? '0', BATCH);
      }
    });
}
