import { sql } from 'kysely';

/** SQL for an order of the paper broker that may still be filled; written out, so that the partial index applies. */
export const IS_WORKING = sql`(status = 'PLACED' OR status = 'PARTIALLY_FILLED')`;
