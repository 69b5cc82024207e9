import { formatDuration } from '../../util/duration.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';

const SKEW_WARN_MS = 2_000;
const SKEW_FAIL_MS = 60_000;

/** Compares the clocks; `ahead` in milliseconds. Orders carry the time of this machine, audit rows that of the server. */
export function clockVerdict(ahead: number): Verdict {
  const skew = Math.abs(ahead);
  if (skew <= SKEW_WARN_MS) return ok('the server and this machine agree');
  const detail = `the server is ${formatDuration(skew)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
  return (skew > SKEW_FAIL_MS ? fail : warn)(detail, 'Set both clocks by NTP.');
}
