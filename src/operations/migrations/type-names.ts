import { type Kysely, sql } from 'kysely';
import * as z from 'zod/mini';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';

/** Our enum types, each with the name that an ORM gives it which lower-cases the class of the enum. */
export const TYPE_NAMES = {
  order_side: 'orderside',
  order_type: 'ordertype',
  order_status: 'orderstatus',
  strategy_status: 'strategystatus',
  position_side: 'positionside',
  position_status: 'positionstatus',
  notification_type: 'notificationtype',
  alert_level: 'alertlevel',
  session_status: 'sessionstatus',
  rule_type: 'ruletype',
} as const;
export type TypeName = keyof typeof TYPE_NAMES;

export const TYPES = Object.keys(TYPE_NAMES) as TypeName[];

/** How other services see our types. */
export interface TypeNaming {
  /** The name of each type; one that keeps its own is named by itself. */
  names: Readonly<Record<TypeName, string>>;
  /** Whether values of type varchar and text may be stored in them and compared with them. */
  text: boolean;
}

/** A name that a type may be given. */
export const typeName = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_]{0,61}$/));

// One row for all and one for each other name than the usual: all of them would not fit in one value.
const SETTING = 'schema_compat';
const rowOf = (type: TypeName) => `${SETTING}_${type}`;
const common = z.object({ text: z.boolean() });

/** What was chosen, as the database has it on record; undefined where our types have their own names. Throws SETTING_UNREADABLE. */
export async function readNaming(db: Kysely<Database>): Promise<TypeNaming | undefined> {
  const { rows: tables } = await sql<{ there: boolean }>`
    SELECT to_regclass(quote_ident(current_schema()) || '.pinnacle_settings') IS NOT NULL AS there`.execute(
    db,
  );
  if (!tables[0]?.there) return undefined;
  const rows = await db
    .selectFrom('pinnacle_settings')
    .select(['name', 'value'])
    .where('name', 'in', [SETTING, ...TYPES.map(rowOf)])
    .execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const chosen = values.get(SETTING);
  if (chosen === undefined) return undefined;
  try {
    const nameOf = (type: TypeName) => {
      const value = values.get(rowOf(type));
      return value === undefined ? TYPE_NAMES[type] : typeName.parse(JSON.parse(value));
    };
    const names = Object.fromEntries(TYPES.map((type) => [type, nameOf(type)]));
    return { names: names as TypeNaming['names'], text: common.parse(JSON.parse(chosen)).text };
  } catch {
    throw refused(
      'SETTING_UNREADABLE',
      `The rows ${SETTING} of pinnacle_settings do not tell how our types are named.`,
      'Choose again: pinnacle schema compat, or take the names back: pinnacle schema compat --off',
    );
  }
}

/** Keeps on record what was chosen. */
export async function writeNaming(db: Kysely<Database>, naming: TypeNaming | undefined): Promise<void> {
  await db
    .deleteFrom('pinnacle_settings')
    .where('name', 'in', [SETTING, ...TYPES.map(rowOf)])
    .execute();
  if (!naming) return;
  const others = TYPES.filter((type) => naming.names[type] !== TYPE_NAMES[type]);
  await db
    .insertInto('pinnacle_settings')
    .values([
      { name: SETTING, value: JSON.stringify({ text: naming.text }) },
      ...others.map((type) => ({ name: rowOf(type), value: JSON.stringify(naming.names[type]) })),
    ])
    .execute();
}
