import { type Archive, readData } from './archive.ts';
import type { ArchiveKeys } from './cipher.ts';
import { COLUMNS, type Part, type TableColumns } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { readOldTables } from './old-dump.ts';

/**
 * The tables of an archive and their rows, in its order. Only tables and columns of ours, each once. Throws CorruptArchive, at the
 * end at the latest; nothing is to be kept of what it gave before.
 */
export async function* readTables(archive: Archive, keys: ArchiveKeys | undefined): AsyncGenerator<Part> {
  const data = readData(archive, keys);
  for await (const part of archive.manifest ? splitBySize(archive, data) : readOldTables(data)) {
    if ('columns' in part) refuseStrange(part);
    yield part;
  }
}

/** Throws CorruptArchive where a name is not that of a table of ours, or of one of its columns. */
export function refuseStrange({ table, columns }: TableColumns): void {
  const known = COLUMNS.get(table);
  if (!known) throw new CorruptArchive('foreign', `it holds table ${table}, which is none of Pinnacle's`);
  const strange = columns.find((name, i) => !known.includes(name) || columns.indexOf(name) !== i);
  if (strange !== undefined)
    throw new CorruptArchive(
      'foreign',
      `it holds column ${strange} of ${table}, which is none of Pinnacle's`,
    );
}

/** Format 2: the sizes of the last line are where one table ends and the next begins, whatever the rows hold. */
async function* splitBySize(
  { manifest, counts }: Archive,
  data: AsyncIterable<Buffer>,
): AsyncGenerator<Part> {
  const tables = manifest?.tables ?? [];
  let opened = 0;
  let left = 0;
  /** Opens tables up to one that has rows. */
  const open = () => {
    const from = opened;
    for (; left === 0 && opened < tables.length; opened++) left = counts[opened]?.bytes ?? 0;
    return tables.slice(from, opened);
  };
  yield* open();
  for await (const piece of data)
    for (let rest = piece; rest.length > 0; ) {
      if (left === 0) throw new CorruptArchive('altered', 'it has more rows than its last line tells');
      const rows = rest.subarray(0, left);
      left -= rows.length;
      rest = rest.subarray(rows.length);
      yield { rows };
      yield* open();
    }
  if (left > 0) throw new CorruptArchive('cut', `it ends within table ${tables[opened - 1]?.table}`);
}
