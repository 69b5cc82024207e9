import { count } from '../util/text.ts';
import { type CliError, usage } from './errors.ts';

/** A line of a file that could not be taken, and why. */
export interface BadLine {
  line: number;
  reason: string;
}

/** The failure of an all-or-nothing import: the first bad lines by number, and how many there are. */
export function complain(bad: readonly BadLine[], total: number, hint: string): CliError {
  const lines = bad.map(({ line, reason }) => `line ${line}: ${reason}`);
  const more = total > bad.length ? [`and ${count(total - bad.length, 'line')} more`] : [];
  return usage(
    [`${count(total, 'line')} cannot be taken; nothing was imported.`, ...lines, ...more].join('\n'),
    hint,
  );
}
