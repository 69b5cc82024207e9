import type { Generated } from 'kysely';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { GeneratedTimestamp, Timestamp } from './column-types.ts';

/** From step 8 of phase 4. */
interface BrokerAccountsTable {
  user_id: UserId;
  client_code: string;
  logged_in_at: Instant | null;
  token_expires_at: Instant | null;
  totp_step: string | null;
  /** Milliseconds that the clock of the broker is ahead. */
  clock_skew_ms: number | null;
  synced_at: Instant | null;
  sync_problem: Generated<string>;
}

/** From step 8 of phase 4. */
interface BrokerCallsTable {
  call_id: string;
  user_id: UserId;
  order_id: OrderId;
  verb: 'place' | 'modify' | 'cancel';
  tag: string;
  /** JSON. */
  request: string;
  sent_by: Generated<string>;
  sent_at: GeneratedTimestamp;
  answered_at: Instant | null;
  outcome: 'accepted' | 'refused' | 'unknown' | null;
  http_status: number | null;
  answer: Generated<string>;
  broker_order_id: Generated<string>;
  looks: Generated<number>;
  resolved_at: Instant | null;
}

/** From step 8 of phase 4. */
interface BrokerSlotsTable {
  user_id: UserId;
  method: string;
  at: Timestamp;
}

/** The tables of the broker. */
export interface BrokerTables {
  broker_accounts: BrokerAccountsTable;
  broker_calls: BrokerCallsTable;
  broker_slots: BrokerSlotsTable;
}
