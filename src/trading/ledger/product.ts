import { type RawBuilder, sql } from 'kysely';
import { BROKER_SINCE_STEP, hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';

/** SQL for the product of a row of orders or positions; NULL, as where nobody said one, on a schema without products. */
export const productOf = (schema: Schema, row: string): RawBuilder<unknown> =>
  hasStep(schema, BROKER_SINCE_STEP) ? sql.ref(`${row}.product`) : sql`NULL::varchar`;

/** `, product` in a list of columns to write; nothing on a schema without products. */
export const productColumn = (schema: Schema): RawBuilder<unknown> =>
  hasStep(schema, BROKER_SINCE_STEP) ? sql`, product` : sql``;

/** SQL for what positions are netted by, of a row of orders or positions: columns of which none is NULL. */
export const chainOf = (schema: Schema, row: string): RawBuilder<unknown> => sql`${sql.ref(`${row}.user_id`)},
  ${sql.ref(`${row}.symbol`)}, coalesce(${sql.ref(`${row}.strategy_id`)}, ''), coalesce(${productOf(schema, row)}, '')`;
