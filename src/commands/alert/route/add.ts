import { defineCommand } from '../../../cli/command.ts';
import {
  choice,
  duration,
  identifier,
  integer,
  optional,
  parsed,
  withDefault,
  words,
} from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { quietHoursText } from '../../../domain/alerts/quiet-hours.ts';
import { ALERT_LEVELS, NOTIFICATION_TYPES } from '../../../domain/enums.ts';
import { userId } from '../../../domain/id.ts';
import { usage } from '../../../util/failure.ts';
import { plainUpperCase } from '../../../util/text.ts';
import { routeFields } from './fields.ts';

const MOST_SECONDS = 7 * 86_400;

export const add = defineCommand({
  effect: 'write',
  phase: 4,
  args: { channel: identifier('CHANNEL', 'the channel') },
  flags: {
    level: withDefault(choice(ALERT_LEVELS, 'LEVEL', 'the least level that is sent'), 'WARNING'),
    types: optional(words('TYPES', 'only these types of notifications, with commas between them')),
    user: optional(parsed(userId, 'USER', 'only notifications of this user')),
    quietHours: optional(
      parsed(quietHoursText, 'HOURS', 'hours in which only CRITICAL is sent, such as 22:00-08:00'),
    ),
    groupWait: withDefault(duration('how long a notification waits for others of its type'), '30s'),
    repeat: withDefault(duration('how long the same text is not sent again'), '4h'),
    limit: withDefault(integer('N', 'the most messages in an hour', 1, 1_000), '20'),
  },
  fields: routeFields,
  answer: ({ route_id, channel, min_level }) => ({
    done: `Added ${route_id}: ${min_level} and above to ${channel}`,
    next: ['alert', 'deliver'],
  }),
  examples: [
    'alert route add desk --level ERROR --quiet-hours 22:00-08:00',
    'alert route add pager --level CRITICAL --types RISK_ALERT,SERVICE_DOWN --limit 60',
    'alert route add phone --user trader_001 --level INFO --group-wait 2m',
  ],
  details: `Takes what is notified from now on. Hours are those of the time zone of the trading day; in the morning what waited comes
as one digest. The same text of the same user comes again after --repeat, with how often it was. What exceeds the limit comes together as soon as
it allows, with how much more there is. A CRITICAL notification waits for nothing but the limit, which counts messages
of CRITICAL apart.`,
  async run({ channel, level, types = [], user, quietHours, groupWait, repeat, limit }, ctx: Context) {
    const chosen = types.map((type) => {
      const known = NOTIFICATION_TYPES.find((each) => each === plainUpperCase(type));
      if (!known) throw usage(`--types must be of ${NOTIFICATION_TYPES.join(', ')}.`);
      return known;
    });
    if (Math.max(groupWait, repeat) > MOST_SECONDS * 1_000)
      throw usage('--group-wait and --repeat must be at most 7d.');
    const { addRoute } = await import('../../../operations/alerts/routes.ts');
    return addRoute(ctx, {
      channel,
      user_id: user ?? null,
      min_level: level,
      types: [...new Set(chosen)],
      quiet: quietHours ?? null,
      group_wait: Math.ceil(groupWait / 1_000),
      repeat_after: Math.ceil(repeat / 1_000),
      hourly_limit: limit,
    });
  },
});
