import { formatDuration } from '../util/duration.ts';
import { escapeControls } from '../util/text.ts';
import type { Io } from './io.ts';

/** A spinner or bar on stderr on a terminal; nothing in a pipe or with --quiet. */
export interface Progress {
  /** Shows how far it is: a share between 0 and 1 draws a bar. */
  update: (text: string, share?: number) => void;
  stop: () => void;
}

const QUIET_MS: Progress = { update() {}, stop() {} };
const BAR_CHARS = 24;

/** Starts progress on stderr with a first line of text. */
export async function startProgress(io: Io, text: string): Promise<Progress> {
  if (io.quiet || !io.err.isTTY || io.err.gone) return QUIET_MS;
  // A terminal of unknown width reports 0, and the spinner would erase lines for ever.
  if (io.err.columns === 0) return QUIET_MS;
  const { default: ora } = await import('ora');
  const spinner = ora({
    text: escapeControls(text),
    stream: io.err.stream as NodeJS.WriteStream,
    discardStdin: false,
  }).start();
  const started = performance.now();
  return {
    update(text, share) {
      const line = escapeControls(text);
      spinner.text = share === undefined ? line : `${bar(share)} ${line}${remaining(share, started)}`;
    },
    stop: () => void spinner.stop(),
  };
}

function bar(share: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_CHARS);
  return '█'.repeat(filled) + '░'.repeat(BAR_CHARS - filled);
}

function remaining(share: number, started: number): string {
  const spent = performance.now() - started;
  return share > 0.02 && spent > 2_000 ? `, ${formatDuration((spent / share) * (1 - share))} left` : '';
}
