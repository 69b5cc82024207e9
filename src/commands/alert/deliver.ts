import { defineCommand } from '../../cli/command.ts';
import { duration, interval, optional, toggle, withDefault } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';

export const deliver = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 4,
  repeat: 'resumes',
  multiStep: true,
  entries: 'none',
  live: {},
  args: {},
  flags: {
    follow: toggle('go on until interrupted'),
    interval: withDefault(interval('how often to look, with --follow', 100), '1s'),
    for: optional(duration('end after this long, with --follow')),
  },
  fields: {
    at: { type: 'time' },
    channel: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    attempts: { type: 'integer' },
    notifications: { type: 'integer' },
    title: { type: 'text' },
    problem: { type: 'text' },
    delivery_id: { type: 'text' },
    route_id: { type: 'text', minor: true },
  },
  examples: ['alert deliver', 'alert deliver --follow', 'alert deliver --quiet --skip-if-running'],
  details: `Looks at every notification that is new, whoever wrote it, and sends what the routes take. Prints every attempt. A message that
fails is tried again for a day, under the same id, by which a receiver tells that it has it already: the webhook-id, or the
Message-ID of mail. A channel that refuses what it is sent, or cannot be reached, keeps its messages, and the others are told. Any number of these may
run. Ends 6 where a message was given up or refused in this run, 7 where a channel did not answer at all,
11 where a secret cannot be decrypted. With --follow it goes on while the database is away.`,
  async run({ follow, interval: intervalMs, for: forMs }, ctx: Context) {
    if (!follow && forMs !== undefined) throw usage('--for needs --follow.');
    const { deliverDue, followAlerts } = await import('../../operations/alerts/deliver.ts');
    const following = follow ? followAlerts(ctx, { intervalMs, forMs }) : undefined;
    if (following && !ctx.io.quiet) return following;
    // Rows that nobody prints are not asked for.
    for await (const _ of following ?? []);
    const { attempts, broken, verdict } = await deliverDue(ctx);
    const [first] = broken;
    if (first && attempts.length === 0) throw first;
    for (const { message } of broken) await ctx.io.warn(message);
    return verdict ? new Finding(attempts, verdict) : attempts;
  },
});
