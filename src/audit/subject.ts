import type { Invocation } from '../cli/command.ts';

const TARGET_ARGUMENTS = ['order', 'position', 'session', 'strategy', 'notification', 'user'];

/** What a command line is about, as audit rows name it: `order ord_…`. */
export function auditTargetOf({ command, words, options }: Invocation): string | undefined {
  const given = {
    ...options,
    ...Object.fromEntries(Object.keys(command.args).map((arg, i) => [arg, words[i]])),
  };
  const subject = TARGET_ARGUMENTS.find((name) => given[name] !== undefined);
  return subject && `${subject} ${String(given[subject])}`;
}
