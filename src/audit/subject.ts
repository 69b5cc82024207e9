import type { Invocation } from '../cli/command.ts';
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
export function auditTargetOf({ command, words, options }: Invocation): string | undefined {
  const given = {
    ...options,
    ...Object.fromEntries(Object.keys(command.args).map((arg, i) => [arg, words[i]])),
  };
  const subject = TARGET_ARGUMENTS.find((name) => given[name] !== undefined);
  return subject && auditTarget(subject, String(given[subject]));
}
