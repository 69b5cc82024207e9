import type { Generated } from 'kysely';
import type { PositionId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { GeneratedMoney, GeneratedTimestamp } from './column-types.ts';

/** From step 13 of phase 4. */
export interface ActionTables {
  corporate_actions: CorporateActionsTable;
  corporate_action_effects: CorporateActionEffectsTable;
}

interface CorporateActionsTable {
  action_id: string;
  type: string;
  symbol: TradingSymbol;
  new_symbol: TradingSymbol | null;
  /** YYYY-MM-DD. Read it by `to_char`: the driver makes a Date of it. */
  ex_date: string;
  numerator: number | null;
  denominator: number | null;
  /** Rupees a share, decimal text. */
  amount: string | null;
  cash_price: string | null;
  cost_percent: string | null;
  tds_percent: string | null;
  tds_above: Rupees | null;
  source: Generated<string>;
  status: Generated<string>;
  applied_with: string | null;
  added_by: Generated<string>;
  created_at: GeneratedTimestamp;
  applied_at: Instant | null;
  reversed_at: Instant | null;
  reason: Generated<string>;
}

interface CorporateActionEffectsTable {
  action_id: string;
  user_id: UserId;
  position_id: PositionId;
  seq: number;
  effective_at: Instant;
  /** Signed. */
  shares_before: number;
  shares: Generated<number>;
  cost: GeneratedMoney;
  price: Generated<number>;
  numerator: string | null;
  denominator: string | null;
  fraction: string | null;
  entitled: number | null;
  cash: Rupees | null;
  tds: GeneratedMoney;
  opened: Generated<boolean>;
  average_before: Generated<number>;
  price_before: Generated<number>;
  unrealized_before: Generated<number>;
  marked_before: Instant | null;
  applied_by: Generated<string>;
  applied_at: GeneratedTimestamp;
  reversed_at: Instant | null;
}
