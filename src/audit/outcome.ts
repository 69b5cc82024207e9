import type { AuditEntry } from './log.ts';

/** The outcome of a change; without an audit entry it may have changed nothing ("already so"). */
export interface Outcome<T> {
  result: T;
  audit: AuditEntry | null;
  /** Whether the command continues in further transactions, so that its result is not complete yet. */
  unfinished?: true;
}

/** A change that is recorded in the audit log. */
export function changed<T>(result: T, target: string, body: AuditEntry['body']): Outcome<T> {
  return { result, audit: { target, body } };
}

/** The same if something did change; otherwise no audit entry. */
export function changedIf<T>(
  happened: boolean,
  result: T,
  target: string,
  body: AuditEntry['body'],
): Outcome<T> {
  return happened ? changed(result, target, body) : unchanged(result);
}

/** Nothing had to change: no audit entry. */
export function unchanged<T>(result: T): Outcome<T> {
  return { result, audit: null };
}

export type AuditTarget =
  | 'order'
  | 'position'
  | 'session'
  | 'strategy'
  | 'notification'
  | 'user'
  | 'symbol'
  | 'alert'
  | 'alert channel'
  | 'alert route';

/** What an audit entry is about: `order ord_…`. */
export function auditTarget(kind: AuditTarget, id: string): string {
  return `${kind} ${id}`;
}

const MAX_LISTED = 1_000;

/** The first thousand ids of a bulk change: an audit entry counts all, but lists no more. */
export function firstListed<T>(items: readonly T[]): T[] {
  return items.slice(0, MAX_LISTED);
}

/** What `firstListed` leaves out, in lists that fit an audit entry each. */
export function furtherListed<T>(items: readonly T[]): T[][] {
  return listsOf(items.slice(MAX_LISTED));
}

/** Items in lists that fit an audit entry each. */
export function listsOf<T>(items: readonly T[]): T[][] {
  const lists = Math.ceil(items.length / MAX_LISTED);
  return Array.from({ length: lists }, (_, i) => items.slice(i * MAX_LISTED, (i + 1) * MAX_LISTED));
}
