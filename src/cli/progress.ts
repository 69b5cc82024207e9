import { formatDuration } from '../util/duration.ts';
import { WITHOUT_COLOUR } from '../util/paint.ts';
import { escapeControls } from '../util/text.ts';
import { bar } from './charts/bar.ts';
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
  if (io.quiet || !io.err.isTTY || io.err.gone || io.env['TERM'] === 'dumb') return QUIET_MS;
  // On a terminal of unknown width the spinner would erase lines for ever.
  if (io.err.width === undefined) return QUIET_MS;
  const { default: ora } = await import('ora');
  const spinner = ora({
    text: escapeControls(text),
    stream: io.err.stream as NodeJS.WriteStream,
    discardStdin: false,
    color: io.paint(io.err) === WITHOUT_COLOUR ? false : 'cyan',
    ...(!io.unicode && { spinner: ASCII }),
  }).start();
  const started = performance.now();
  return {
    update(text, share) {
      const line = escapeControls(text);
      spinner.text =
        share === undefined
          ? line
          : `${bar(Math.round(share * BAR_CHARS), BAR_CHARS, io.unicode)} ${line}${remaining(share, started)}`;
    },
    stop: () => void spinner.stop(),
  };
}

const ASCII = { interval: 130, frames: ['-', '\\', '|', '/'] };

function remaining(share: number, started: number): string {
  const spent = performance.now() - started;
  return share > 0.02 && spent > 2_000 ? `, ${formatDuration((spent / share) * (1 - share))} left` : '';
}
