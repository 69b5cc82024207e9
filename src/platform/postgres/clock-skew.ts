import { formatDuration } from '../../util/duration.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';

export const SKEW_WARN = 2_000;
export const SKEW_FAIL = 60_000;

/** Whether the server's clock is ours; `ahead` in milliseconds. Orders carry our time, audit rows the server's. */
export function judgeClock(ahead: number): Verdict {
  const skew = Math.abs(ahead);
  if (skew <= SKEW_WARN) return ok('the server and this machine agree');
  const detail = `the server is ${formatDuration(skew)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  return (skew > SKEW_FAIL ? fail : warn)(detail, 'Set both clocks by NTP.');
}
