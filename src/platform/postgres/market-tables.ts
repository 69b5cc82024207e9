import type { Generated } from 'kysely';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { GeneratedTimestamp } from './column-types.ts';

/** From step 9 of phase 4. */
export interface InstrumentsTable {
  exchange: string;
  /** The name at the broker, with its series: SBIN-EQ. */
  trading_symbol: string;
  /** The name in orders: SBIN. */
  symbol: TradingSymbol;
  /** The number at the broker, unique within an exchange; '' where no file has one. */
  token: Generated<string>;
  name: Generated<string>;
  isin: string | null;
  series: Generated<string>;
  kind: 'EQ' | 'FUT' | 'OPT' | 'INDEX' | 'OTHER';
  lot: number | null;
  /** Rupees, as decimal text. */
  tick: string | null;
  freeze_quantity: number | null;
  /** A day, YYYY-MM-DD. Read it by `to_char`: the driver makes a Date of it. */
  expiry: string | null;
  /** Rupees, as decimal text. */
  strike: string | null;
  listed: Generated<boolean>;
  seen_at: GeneratedTimestamp;
}

/** From step 9 of phase 4. */
export interface MarketDaysTable {
  exchange: string;
  /** YYYY-MM-DD. Read it by `to_char`. */
  day: string;
  name: string;
  kind: 'HOLIDAY' | 'SPECIAL';
  /** In Asia/Kolkata, HH:MM:SS, as `closes`. */
  opens: string | null;
  closes: string | null;
  source: Generated<string>;
}
