import { formatDuration } from '../../util/duration.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { fail, ok, warn } from '../../util/verdict.ts';
import { failingText } from '../alerts/channel-marks.ts';
import type { Check } from './check.ts';

const LATE_MS = 15 * 60_000;

interface Found {
  dead: number;
  example: string | null;
  failing: string[];
  routes: number;
  late: number;
  age: number | null;
}

/** Whether alerts arrive. */
export const ALERT_CHECKS: readonly Check[] = [
  {
    name: 'alerts',
    phase: 4,
    async run({ query }) {
      const [table] = await query<{ exists: boolean }>(
        "SELECT to_regclass('alert_deliveries') IS NOT NULL AS exists",
      );
      if (!table?.exists) return ok('the schema has none');
      const [found] = await query<Found>(
        `SELECT d.dead, d.example, ARRAY(SELECT DISTINCT channel FROM alert_deliveries f WHERE ${failingText('f')} ORDER BY 1) AS failing, (SELECT count(*)::int FROM alert_routes) AS routes, n.late, n.age
         FROM (SELECT count(*)::int AS dead, max(delivery_id) AS example FROM alert_deliveries WHERE state = 'DEAD') d,
           (SELECT count(*)::int AS late,
              (extract(epoch FROM clock_timestamp() - min(created_at) AT TIME ZONE 'UTC') * 1000)::float8 AS age
            FROM notifications
            WHERE routed_at IS NULL AND created_at < now() AT TIME ZONE 'UTC' - $1 * interval '1 millisecond') n`,
        LATE_MS,
      );
      const { dead = 0, example = null, failing = [], routes = 0, late = 0, age = null } = found ?? {};
      if (failing.length > 0)
        return fail(
          `alerts do not arrive by ${someOf(failing, 5)}`,
          `pinnacle alert channel test ${failing[0]}; then alert retry --channel ${failing[0]}`,
        );
      if (dead > 0) return fail(`${pluralize(dead, 'message')} could not be sent, the last: ${example}`);
      if (routes === 0) return ok('no route sends any');
      if (late > 0)
        return warn(
          `${pluralize(late, 'notification')} not looked at yet, the oldest: ${formatDuration(age ?? 0)}`,
          'pinnacle alert deliver; pinnacle schedule print crontab',
        );
      return ok(`sent by ${pluralize(routes, 'route')}`);
    },
    help: 'pinnacle alert status --state DEAD; then alert retry or alert dismiss',
  },
];
