import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { AS_SCRIPTED, type SchemaSettings } from './rules.ts';

/** The rows of `pinnacle_settings` that say what a schema is set to. */
const NAMES = { mode: 'schema_mode', record: 'schema_record_writes', hold: 'schema_hold_entries' } as const;

/** What the schema is set to; as scripted where nothing was chosen, or the table is not there yet. */
export async function readSchemaSettings(db: Kysely<Database>): Promise<SchemaSettings> {
  const { rows: there } = await sql<{
    there: boolean;
  }>`SELECT to_regclass('pinnacle_settings') IS NOT NULL AS there`.execute(db);
  if (!there[0]?.there) return AS_SCRIPTED;
  const rows = await db
    .selectFrom('pinnacle_settings')
    .select(['name', 'value'])
    .where('name', 'in', Object.values(NAMES))
    .execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return {
    mode: values.get(NAMES.mode) === 'shared' ? 'shared' : 'strict',
    record: values.get(NAMES.record) === 'on',
    hold: values.get(NAMES.hold) === 'on',
  };
}

/** Keeps what the schema is set to. Returns the rows before and after, for the audit entry. */
export async function writeSchemaSettings(db: Kysely<Database>, settings: SchemaSettings) {
  const before = asRows(await readSchemaSettings(db));
  const after = asRows(settings);
  const rows = Object.entries(after).map(([name, value]) => ({ name, value }));
  await db
    .insertInto('pinnacle_settings')
    .values(rows)
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((row) => ({ value: row.ref('excluded.value') })),
    )
    .execute();
  return { before, after };
}

const asRows = ({ mode, record, hold }: SchemaSettings): Record<string, string> => ({
  [NAMES.mode]: mode,
  [NAMES.record]: record ? 'on' : 'off',
  [NAMES.hold]: hold ? 'on' : 'off',
});
