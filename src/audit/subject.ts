import type { Invocation } from '../cli/command.ts';
import { entriesOf } from '../cli/entries.ts';
import { type AuditTarget, auditTarget } from './outcome.ts';

const TARGET_ARGUMENTS: readonly AuditTarget[] = [
  'order',
  'position',
  'session',
  'strategy',
  'notification',
  'user',
];

/** The audit target of a command line. */
export function auditTargetOf(invocation: Invocation): string | undefined {
  const given = new Map(entriesOf(invocation).map(({ key, value }) => [key, value]));
  const subject = TARGET_ARGUMENTS.find((name) => given.get(name) !== undefined);
  return subject && auditTarget(subject, String(given.get(subject)));
}
