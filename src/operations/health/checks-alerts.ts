import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { ok, warn } from '../../util/verdict.ts';
import { UNDELIVERED_SQL, type Undelivered, undeliveredVerdict } from '../alerts/undelivered.ts';
import type { Check } from './check.ts';

const LATE_MS = 15 * 60_000;

interface Found {
  undelivered: Undelivered;
  routes: number;
  late: number;
  late_age: number | null;
  due: number;
  due_age: number | null;
}

/** How long ago a time was, in milliseconds. */
const age = (at: string) =>
  `(extract(epoch FROM clock_timestamp() - ${at} AT TIME ZONE 'UTC') * 1000)::float8`;

/** Due where nothing holds it back: a channel that is off or wants to be left alone, and quiet hours. */
const IS_DUE = `d.state = 'PENDING' AND c.enabled AND (d.critical OR r.quiet IS NULL) AND NOT EXISTS (
  SELECT FROM alert_deliveries h WHERE h.channel = d.channel AND h.state = 'PENDING' AND h.channel_state IS NOT NULL
    AND h.next_at > now() AT TIME ZONE 'UTC')`;
const BEFORE = "now() AT TIME ZONE 'UTC' - $1 * interval '1 millisecond'";

/** Whether alerts arrive. */
export const ALERT_CHECKS: readonly Check[] = [
  {
    name: 'alerts',
    phase: 4,
    async run({ query }) {
      const [column] = await query(
        "SELECT FROM pg_attribute WHERE attrelid = to_regclass('alert_deliveries') AND attname = 'channel_state'",
      );
      if (!column) return ok('the schema lacks the step that says whether they arrive');
      const [found] = await query<Found>(
        `SELECT ${UNDELIVERED_SQL} AS undelivered, (SELECT count(*)::int FROM alert_routes) AS routes, n.*, m.*
         FROM (SELECT count(*)::int AS late, ${age('min(created_at)')} AS late_age FROM notifications
             WHERE routed_at IS NULL AND created_at < ${BEFORE}) n,
           (SELECT count(*)::int AS due, ${age('min(d.next_at)')} AS due_age
            FROM alert_deliveries d JOIN alert_routes r USING (route_id) JOIN alert_channels c ON c.channel = d.channel
            WHERE ${IS_DUE} AND d.next_at < ${BEFORE}) m`,
        LATE_MS,
      );
      if (!found) return ok('no route sends any');
      const { undelivered, routes, late, late_age, due, due_age } = found;
      const verdict = undeliveredVerdict(undelivered);
      if (verdict.state === 'fail') return verdict;
      if (routes === 0) return ok('no route sends any');
      if (late > 0)
        return warn(
          `${pluralize(late, 'notification')} not looked at yet, the oldest: ${formatDuration(late_age ?? 0)}`,
          'pinnacle alert deliver; pinnacle schedule print crontab',
        );
      if (due > 0)
        return warn(
          `${pluralize(due, 'message')} due and not tried, the oldest: ${formatDuration(due_age ?? 0)}`,
          'pinnacle alert deliver',
        );
      return ok(`sent by ${pluralize(routes, 'route')}`);
    },
    help: 'pinnacle alert status --state DEAD; then alert retry or alert dismiss',
  },
];
