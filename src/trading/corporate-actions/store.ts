import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Action, ActionStatus } from '../../domain/corporate-actions/action.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ACTIONS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { notFound } from '../../util/failure.ts';

/** An action as it is stored, and when its ex-date begins. */
export interface StoredAction extends Action {
  added_by: string;
  reason: string;
  effective_at: Instant;
  /** Whether the ex-date has begun, and which trading day it is, YYYY-MM-DD: by the clock of the database. */
  in_force: boolean;
  today: string;
}

type Row = Omit<StoredAction, 'ratio'> & { numerator: number | null; denominator: number | null };

/** The columns of an action `a` as they are read. `zone` is SQL for the time zone of the trading day. */
const columns = (
  zone: RawBuilder<string>,
) => sql`a.action_id, a.type, a.symbol, a.new_symbol, to_char(a.ex_date, 'YYYY-MM-DD') AS ex_date,
  a.numerator, a.denominator, trim_scale(a.amount)::text AS amount, trim_scale(a.cash_price)::text AS cash_price,
  trim_scale(a.cost_percent)::text AS cost_percent, trim_scale(a.tds_percent)::text AS tds_percent,
  trim_scale(a.tds_above)::text AS tds_above, a.source, a.status, a.applied_with, a.added_by, a.created_at, a.applied_at,
  a.reversed_at, a.reason, (a.ex_date::timestamp AT TIME ZONE ${zone}) AT TIME ZONE 'UTC' AS effective_at,
  (a.ex_date::timestamp AT TIME ZONE ${zone}) <= clock_timestamp() AS in_force,
  to_char(clock_timestamp() AT TIME ZONE ${zone}, 'YYYY-MM-DD') AS today`;

const actionOf = ({ numerator, denominator, ...row }: Row): StoredAction => ({
  ...row,
  ratio: numerator === null || denominator === null ? null : { numerator, denominator },
});

/** Which actions: of a symbol, as the old or the new one, and of a status. */
export interface ActionFilter {
  symbol: TradingSymbol | undefined;
  status: ActionStatus | undefined;
}

/** Actions, the latest ex-date first. Throws PHASE_NEEDED. */
export async function readActions(
  source: Source,
  zone: RawBuilder<string>,
  { symbol, status }: ActionFilter,
  limit: number,
): Promise<StoredAction[]> {
  needStep(source, ACTIONS_SINCE_STEP);
  const { rows } = await sql<Row>`
    SELECT ${columns(zone)} FROM corporate_actions a
    WHERE ${symbol === undefined ? sql`true` : sql`(a.symbol = ${symbol} OR a.new_symbol = ${symbol})`}
      ${status === undefined ? sql`` : sql`AND a.status = ${status}`}
    ORDER BY a.ex_date DESC, a.action_id DESC LIMIT ${limit}`.execute(source.db);
  return rows.map(actionOf);
}

/** The action of an id. Throws CORPORATE_ACTION_NOT_FOUND and PHASE_NEEDED. */
export async function findAction(
  source: Source,
  zone: RawBuilder<string>,
  id: string,
): Promise<StoredAction> {
  needStep(source, ACTIONS_SINCE_STEP);
  const { rows } = await sql<Row>`
    SELECT ${columns(zone)} FROM corporate_actions a WHERE a.action_id = ${id}`.execute(source.db);
  const [row] = rows;
  if (!row) throw notFound('corporate action', id, 'See: pinnacle corporate-action list');
  return actionOf(row);
}

/** The actions of some symbols that were not reversed. */
export async function actionsOf(
  source: Source,
  zone: RawBuilder<string>,
  symbols: readonly TradingSymbol[],
): Promise<StoredAction[]> {
  const { rows } = await sql<Row>`
    SELECT ${columns(zone)} FROM corporate_actions a
    WHERE (a.symbol = ANY(${[...symbols]}) OR a.new_symbol = ANY(${[...symbols]})) AND a.status <> 'REVERSED'
    ORDER BY a.ex_date, a.action_id`.execute(source.db);
  return rows.map(actionOf);
}

/** What changes of an action. */
export interface ActionChange {
  status: ActionStatus;
  applied_with?: string;
  cash_price?: string | null;
  applied_at?: Instant;
  reversed_at?: Instant;
  reason?: string;
}

export async function changeActions(trx: Trx, ids: readonly string[], change: ActionChange): Promise<void> {
  await trx.db
    .updateTable('corporate_actions')
    .set(change)
    .where('action_id', 'in', [...ids])
    .execute();
}

/** Locks the actions of some symbols, so that two are not applied or reversed at once. */
export async function lockActions(trx: Trx, symbols: readonly TradingSymbol[]): Promise<void> {
  await sql`
    SELECT FROM corporate_actions WHERE symbol = ANY(${[...symbols]}) OR new_symbol = ANY(${[...symbols]})
    ORDER BY action_id FOR NO KEY UPDATE`.execute(trx.db);
}
