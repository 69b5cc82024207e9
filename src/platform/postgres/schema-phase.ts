import { type Kysely, sql } from 'kysely';
import { type Failure, refused, usage } from '../../util/failure.ts';
import { type DatabaseFailure, isUndefinedObject } from './errors.ts';
import type { Database } from './tables.ts';

/** How far the schema is rolled out; 0 if no phase is applied. */
export type SchemaPhase = 0 | 1 | 2 | 3 | 4;

/** How far a schema is rolled out: its last phase, and the last step of that phase. */
export interface Schema {
  phase: SchemaPhase;
  /** 0 if no phase is applied. */
  step: number;
}

/** A database or a transaction to read from, and how far its schema is rolled out. */
export interface Source extends Schema {
  db: Kysely<Database>;
}

/**
 * Whether a schema has a step of phase 4.
 * @public
 */
export const hasStep = ({ phase, step }: Schema, needed: number) => phase === 4 && step >= needed;

/** Throws PHASE_NEEDED (exit 5) unless a schema has a step of phase 4. */
export function needStep(schema: Schema, needed: number): void {
  if (!hasStep(schema, needed))
    throw refused(
      'PHASE_NEEDED',
      `This needs step ${needed} of phase 4 of the schema.`,
      'Run: pinnacle migrate up',
    );
}

/** The step of phase 4 that creates `fill_corrections`. */
export const CORRECTIONS_SINCE_STEP = 4;
/** The step of phase 4 that creates `symbol_aliases` and `symbol_merges`. */
export const ALIASES_SINCE_STEP = 5;
/** The step of phase 4 that creates `ledger_openings`, `foreign_writes` and the triggers for other writers. */
export const OTHER_WRITERS_SINCE_STEP = 6;
/** The step of phase 4 that adds products, tags and the tables of the broker. */
export const BROKER_SINCE_STEP = 8;
/** The step of phase 4 that creates `instruments` and `market_days`. */
export const INSTRUMENTS_SINCE_STEP = 9;
/** The step of phase 4 that creates the tables of the paper broker. */
export const PAPER_SINCE_STEP = 10;
/** The step of phase 4 that creates `cash_flows`. */
export const FLOWS_SINCE_STEP = 11;
/** The step of phase 4 that creates `equity_snapshots`. */
export const SNAPSHOTS_SINCE_STEP = 12;
/** The step of phase 4 that creates `corporate_actions` and `corporate_action_effects`. */
export const ACTIONS_SINCE_STEP = 13;
/** The step of phase 4 that creates the tables of alerts and `notifications.routed_at`. */
export const ALERTS_SINCE_STEP = 14;
/** The step of phase 4 that adds `alert_deliveries.channel_state`. */
export const CHANNEL_STATE_SINCE_STEP = 15;

/** Explains a value that is too long for its column, where a step that the schema lacks widens it: only symbols are. */
export async function explainNarrow(
  error: DatabaseFailure,
  schema: () => Promise<Schema>,
): Promise<Failure | undefined> {
  if (error.code !== '22001' || hasStep(await schema(), 2)) return undefined;
  return usage(
    'A symbol has more than 20 characters, the most that this database takes until its schema is up to date.',
    'Run: pinnacle migrate up',
  );
}

/** The step of a row of `pinnacle_migrations`, also where a phase was a single script and the table has no such column. */
export const recordedStep = sql<number>`coalesce((to_jsonb(pinnacle_migrations) ->> 'step')::integer, 1)`;

/** The last phase and step that are applied to the database. */
export async function readSchema(db: Kysely<Database>): Promise<Schema> {
  try {
    const row = await db
      .selectFrom('pinnacle_migrations')
      .select(['phase', recordedStep.as('step')])
      .orderBy('phase', 'desc')
      .orderBy(recordedStep, 'desc')
      .limit(1)
      .executeTakeFirst();
    return row ? { phase: row.phase as SchemaPhase, step: row.step } : { phase: 0, step: 0 };
  } catch (error) {
    if (isUndefinedObject(error)) return { phase: 0, step: 0 };
    throw error;
  }
}
