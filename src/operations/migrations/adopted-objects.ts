import { type Kysely, sql } from 'kysely';
import { isUndefinedObject } from '../../platform/postgres/errors.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Difference } from './catalog.ts';
import { TYPES, type TypeNaming } from './type-names.ts';

const SETTING = 'adopted_objects';

/** A difference that was there when a database was adopted, and is none while it stays what it was. */
type Adopted = Pick<Difference, 'kind' | 'object' | 'actual'>;

/** Records the differences that an adoption leaves, while our types have their own names. */
export async function recordAdopted(db: Kysely<Database>, differences: readonly Difference[]): Promise<void> {
  const adopted: Adopted[] = differences.map(({ kind, object, actual }) => ({ kind, object, actual }));
  await db
    .insertInto('pinnacle_settings')
    .values({ name: SETTING, value: JSON.stringify(adopted) })
    .execute();
}

/** The differences without those that an adoption left, however our types are named now. */
export async function withoutAdopted(
  db: Kysely<Database>,
  differences: readonly Difference[],
  naming: TypeNaming | undefined,
): Promise<Difference[]> {
  const adopted = differences.length > 0 ? await readAdopted(db) : [];
  return differences.filter(
    ({ kind, object, actual }) =>
      !adopted.some(
        (one) => one.kind === kind && one.object === object && one.actual === inOwnNames(actual, naming),
      ),
  );
}

function inOwnNames(definition: string | null, naming: TypeNaming | undefined): string | null {
  if (definition === null || naming === undefined) return definition;
  return TYPES.reduce((text, type) => {
    const name = naming.names[type];
    return text.replaceAll(new RegExp(`\\b${name}\\b|"${name}"`, 'g'), type);
  }, definition);
}

async function readAdopted(db: Kysely<Database>): Promise<Adopted[]> {
  try {
    const { rows } = await sql<{ value: string }>`
      SELECT value FROM pinnacle_settings WHERE name = ${SETTING}`.execute(db);
    return rows[0] ? JSON.parse(rows[0].value) : [];
  } catch (error) {
    if (isUndefinedObject(error)) return [];
    throw error;
  }
}
