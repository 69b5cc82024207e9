import { pluralize, someOf } from '../../util/text.ts';
import { fail, ok, type Verdict } from '../../util/verdict.ts';

/** What alerts could not deliver: the channels that need somebody, and how many messages are given up. */
export interface Undelivered {
  channels: string[];
  dead: number;
}

/** The SQL of it as one JSON value; needs the step CHANNEL_STATE_SINCE_STEP. */
export const UNDELIVERED_SQL = `json_build_object(
  'channels', (SELECT coalesce(json_agg(DISTINCT channel), '[]') FROM alert_deliveries WHERE state = 'PENDING' AND channel_state = 'FAILING'),
  'dead', (SELECT count(*) FROM alert_deliveries WHERE state = 'DEAD'))`;

/** Whether alerts arrive. */
export function undeliveredVerdict({ channels, dead }: Undelivered): Verdict {
  const [first] = channels;
  const given = dead === 0 ? '' : `${pluralize(dead, 'alert')} given up`;
  if (first !== undefined)
    return fail(
      [`alerts do not arrive by ${someOf(channels, 5)}`, given].filter(Boolean).join('; '),
      `pinnacle alert channel test ${first}; then alert retry --channel ${first}`,
    );
  return dead === 0
    ? ok('no alert is given up')
    : fail(given, 'pinnacle alert status --state DEAD; then alert retry or alert dismiss');
}
