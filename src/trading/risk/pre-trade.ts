import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { StrategyStatus } from '../../domain/enums.ts';
import type { StrategyId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import { describeRefusal } from '../../domain/risk-refusal.ts';
import { evaluateRules, type RuleResult } from '../../domain/risk-rules.ts';
import type { SchemaPhase, Source } from '../../platform/postgres/schema-phase.ts';
import { type Failure, notFound, refused } from '../../util/failure.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';
import { productOf } from '../ledger/product.ts';
import type { TradingDay } from '../trading-day.ts';
import { findUser, lockUser, userDisabled } from '../users/store.ts';
import { activeHaltQuery, tradingHalted } from './halts.ts';
import { readExposure } from './read-exposure.ts';

interface Options {
  /** A fresh quote of the symbol, rupees per share; 0 for none. */
  quote?: number;
  /**
   * The id of an order that is already placed and is amended or retried. It is not counted twice, nor as a new order
   * of the day. The quantity is what remains to be filled.
   */
  replacing?: string | undefined;
}

/** The result of every rule, and the refusals, most severe first; without refusals the order is admitted. */
export interface PreTradeResult {
  judgements: RuleResult[];
  refusals: Failure[];
}

/**
 * Whether an order may be placed now: its user exists and is enabled; its strategy is available and, from phase 2,
 * active for the user; from phase 4, trading is not halted and no risk rule is violated. An order that only reduces a
 * position is also accepted from a disabled user, and passes halts, strategies and every rule.
 * Locks the user, so that the decision still holds when the order is written.
 * Throws USER_NOT_FOUND, STRATEGY_NOT_FOUND or the first refusal.
 */
export async function checkPreTrade(
  trx: Trx,
  order: ProposedOrder,
  clock: TradingDay,
  options: Options = {},
): Promise<void> {
  const user = await lockUser(trx, order.user_id);
  const { refusals } = await evaluatePreTrade(trx, user, order, clock, options);
  if (refusals[0]) throw refusals[0];
}

/** The same as a preview: nothing is locked, and the result is valid at this moment only. */
export async function previewPreTrade(
  source: Source,
  order: ProposedOrder,
  clock: TradingDay,
  options: Options = {},
): Promise<PreTradeResult> {
  return evaluatePreTrade(source, await findUser(source.db, order.user_id), order, clock, options);
}

async function evaluatePreTrade(
  source: Source,
  user: { enabled: boolean; total_capital: Rupees },
  order: ProposedOrder,
  clock: TradingDay,
  { replacing, quote = 0 }: Options,
): Promise<PreTradeResult> {
  const standing = await readStanding(source, order, replacing);
  const { halt, facts } = standing.guarded ? await readExposure(source, order, clock, replacing) : NO_RISK;
  const reduces = order.quantity <= standing.reducible;
  const judgements = facts
    ? evaluateRules(
        { ...facts, capital: user.total_capital },
        { ...order, quote, reduces, isNew: replacing === undefined },
      )
    : [];
  const refusals = [
    user.enabled || reduces ? undefined : userDisabled(order.user_id),
    halt && !reduces ? tradingHalted(halt) : undefined,
    reduces ? undefined : strategyRefusal(order, standing, source.phase),
    riskRefusal(order, judgements),
  ];
  return { judgements, refusals: refusals.filter((refusal) => refusal !== undefined) };
}

const NO_RISK = { halt: undefined, facts: undefined };

interface Standing {
  /** Whether the strategy is available; null if there is none with that id. */
  available: boolean | null;
  status: StrategyStatus | null;
  /** Shares that an order could sell or buy back before the position of its key is closed. */
  reducible: number;
  /** Whether the user has a rule or is halted. */
  guarded: boolean;
}

async function readStanding(
  source: Source,
  order: ProposedOrder,
  replacing: string | undefined,
): Promise<Standing> {
  const { db, phase } = source;
  const { user_id, symbol, side, strategy_id } = order;
  const available = sql`(SELECT is_active FROM strategies WHERE strategy_id = ${strategy_id}) AS available`;
  const key = (row: string) => sql`user_id = ${user_id} AND symbol = ${symbol}
    AND coalesce(strategy_id, '') = ${strategy_id ?? ''} AND coalesce(${productOf(source, row)}, '') = ${order.product ?? ''}`;
  const guarded =
    phase < 4
      ? sql`false`
      : sql`EXISTS (SELECT FROM risk_rules WHERE user_id = ${user_id}) OR EXISTS (${activeHaltQuery(user_id)})`;
  const { rows } =
    phase < 2
      ? await sql<Standing>`SELECT ${available}, NULL AS status, 0 AS reducible, false AS guarded`.execute(db)
      : await sql<Standing>`
          SELECT ${available},
            (SELECT status FROM user_strategies WHERE user_id = ${user_id} AND strategy_id = ${strategy_id}) AS status,
            coalesce((SELECT sum(abs(quantity)) FROM positions WHERE ${key('positions')} AND status = 'OPEN'
              AND side = ${side === 'BUY' ? 'SHORT' : 'LONG'}), 0)
            - coalesce((SELECT sum(quantity - filled_quantity) FROM orders WHERE ${key('orders')} AND ${IS_WORKING}
              AND side = ${side} AND order_id <> ${replacing ?? ''}), 0)::float8 AS reducible,
            ${guarded} AS guarded`.execute(db);
  const standing = rows[0] as Standing;
  // A position of a strategy that only another program knows can be closed, and not enlarged.
  if (strategy_id !== null && standing.available === null && order.quantity > standing.reducible)
    throw notFound('strategy', strategy_id, 'See: pinnacle strategy list');
  return standing;
}

/** The failure if a strategy is not available. */
export function strategyDisabled(strategyId: StrategyId): Failure {
  return refused(
    'STRATEGY_DISABLED',
    `The strategy ${strategyId} is not available.`,
    `Run: pinnacle strategy enable ${strategyId}`,
  );
}

function strategyRefusal(
  { user_id, strategy_id }: ProposedOrder,
  { available, status }: Standing,
  phase: SchemaPhase,
): Failure | undefined {
  if (strategy_id === null) return undefined;
  if (!available) return strategyDisabled(strategy_id);
  if (phase < 2 || status === 'ACTIVE') return undefined;
  return refused(
    'STRATEGY_NOT_ACTIVE',
    `The strategy ${strategy_id} is ${status ?? 'not active'} for ${user_id}.`,
    `Run: pinnacle strategy ${status === 'PAUSED' ? 'resume' : 'activate'} ${strategy_id} --user ${user_id}`,
  );
}

function riskRefusal(order: ProposedOrder, judgements: readonly RuleResult[]): Failure | undefined {
  const broken = judgements.filter(({ verdict }) => verdict !== 'ok');
  if (broken.length === 0) return undefined;
  return refused(
    'RISK_LIMIT',
    broken.map(({ message }) => message).join('\n'),
    `${describeRefusal(order, broken)} See: pinnacle risk list --user ${order.user_id}`,
  );
}
