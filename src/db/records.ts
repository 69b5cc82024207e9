/** The tables of what the program keeps of its own work. */
import type { Generated, GeneratedAlways } from 'kysely';
import type { GeneratedTimestamp, JsonColumn, Timestamp } from './columns.ts';

export interface AuditLogTable {
  id: GeneratedAlways<string>;
  txid: Generated<string>;
  at: GeneratedTimestamp;
  actor: Generated<string>;
  command: string;
  target: string;
  body: string;
}

export interface AuditSealsTable {
  seq: string;
  audit_id: string;
  txid: string;
  cluster: string;
  hash: string;
}

export interface AuditCheckpointsTable {
  seq: string;
  body: string;
  key_id: string;
  signature: string;
}

export interface RealtimeOutboxTable {
  id: GeneratedAlways<string>;
  at: GeneratedTimestamp;
  kind: string;
  key: string;
}

export interface IdempotencyKeysTable {
  actor: Generated<string>;
  key: string;
  command: string;
  request: string;
  result: JsonColumn;
  at: GeneratedTimestamp;
}

/** Created by the migration runner, not by a phase. */
export interface PinnacleMigrationsTable {
  phase: number;
  name: string;
  up_sha256: string;
  down_sha256: string;
  applied_at: Timestamp;
  applied_by: string;
  duration_ms: number;
}
