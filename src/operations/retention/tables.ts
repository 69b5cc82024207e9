import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import type { Limited } from '../../domain/retention-periods.ts';
import { ALERTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';

/** Rows that are never deleted. `at` is the time of a row. */
interface RetainedTable {
  kind: string;
  phase: 1 | 2 | 3 | 4;
  at: string;
}

/** Kept forever, as docs/schema.md requires; fills and the audit log are kept because they prove the rest. */
export const RETAINED_TABLES: readonly RetainedTable[] = [
  { kind: 'users', phase: 1, at: 'created_at' },
  { kind: 'strategies', phase: 1, at: 'created_at' },
  { kind: 'orders', phase: 1, at: 'created_at' },
  { kind: 'positions', phase: 2, at: 'opened_at' },
  { kind: 'order_fills', phase: 2, at: 'executed_at' },
  { kind: 'audit_log', phase: 1, at: 'at' },
];

/** Rows that are deleted once their time, `at`, is before the cutoff; `t` is the alias of the table in SQL. */
export interface ExpiringTable {
  kind: string;
  limit: Limited;
  phase: 1 | 2 | 3 | 4;
  /** The step of phase 4 that creates it, if not the first. */
  step?: number;
  at: string;
  from: RawBuilder<unknown>;
  /** A further condition. */
  only: RawBuilder<unknown>;
  /** Locks the rows to be deleted and those that decide on them, skipping locked ones. */
  lock: RawBuilder<unknown>;
  /** Rows that are kept whatever their age, and `why`. */
  held?: { when: (cutoff: Instant) => RawBuilder<unknown>; why: string };
}

const ROW = sql`FOR UPDATE OF t SKIP LOCKED`;

export const EXPIRING_TABLES: readonly ExpiringTable[] = [
  {
    kind: 'trading_sessions',
    limit: 'sessions',
    phase: 3,
    at: 'end_time',
    from: sql`trading_sessions t`,
    only: sql`t.status <> 'ACTIVE'`,
    lock: ROW,
    held: {
      when: (cutoff) =>
        sql`t.start_time < ${cutoff}::timestamp AND (t.status = 'ACTIVE' OR t.end_time IS NULL)`,
      why: 'not ended',
    },
  },
  {
    kind: 'risk_rules',
    limit: 'riskRules',
    phase: 4,
    at: 'updated_at',
    from: sql`risk_rules t JOIN users u ON u.user_id = t.user_id`,
    only: sql`NOT u.enabled`,
    // So that nobody is let in again between the look at a trader and the end of the rules.
    lock: sql`${ROW} FOR SHARE OF u SKIP LOCKED`,
    held: {
      when: (cutoff) => sql`t.updated_at < ${cutoff}::timestamp AND u.enabled`,
      why: 'in force',
    },
  },
  {
    kind: 'notifications',
    limit: 'notifications',
    phase: 3,
    at: 'created_at',
    from: sql`notifications t`,
    only: sql`true`,
    lock: ROW,
  },
  {
    kind: 'idempotency_keys',
    limit: 'idempotencyKeys',
    phase: 1,
    at: 'at',
    from: sql`idempotency_keys t`,
    only: sql`true`,
    lock: ROW,
  },
  {
    kind: 'alert_deliveries',
    limit: 'notifications',
    phase: 4,
    step: ALERTS_SINCE_STEP,
    at: 'created_at',
    from: sql`alert_deliveries t`,
    only: sql`t.state = 'SENT'`,
    lock: ROW,
    held: {
      when: (cutoff) => sql`t.created_at < ${cutoff}::timestamp AND t.state <> 'SENT'`,
      why: 'not sent',
    },
  },
];
