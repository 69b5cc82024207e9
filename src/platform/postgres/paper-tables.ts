import type { Generated } from 'kysely';
import type { Product } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { GeneratedTimestamp, Timestamp } from './column-types.ts';

/** From step 10 of phase 4. Prices in rupees per share; the words are those of orders, as text. */
interface PaperOrdersTable {
  broker_order_id: string;
  user_id: UserId;
  tag: string;
  symbol: TradingSymbol;
  exchange: string;
  side: string;
  order_type: string;
  product: Product;
  quantity: number;
  price: number;
  trigger_price: number | null;
  triggered: Generated<boolean>;
  status: Generated<string>;
  filled_quantity: Generated<number>;
  filled_price: Generated<number>;
  text: Generated<string>;
  placed_at: GeneratedTimestamp;
  accepted_at: GeneratedTimestamp;
  quoted_at: Instant | null;
  updated_at: GeneratedTimestamp;
}

/** From step 10 of phase 4. */
interface PaperTradesTable {
  broker_fill_id: string;
  broker_order_id: string;
  user_id: UserId;
  quantity: number;
  price: number;
  executed_at: Timestamp;
}

/** The tables of the paper broker. */
export interface PaperTables {
  paper_orders: PaperOrdersTable;
  paper_trades: PaperTradesTable;
}
