import { defineCommand } from '../../cli/command.ts';
import { choice } from '../../cli/flags.ts';
import { RawOutput } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const print = defineCommand({
  effect: 'read',
  still: true,
  args: {
    format: choice(['crontab', 'systemd'], 'FORMAT', 'a crontab, or a script that installs systemd timers'),
  },
  flags: {},
  fields: {
    job: { type: 'text' },
    from: { type: 'text' },
    until: { type: 'text' },
    every: { type: 'integer' },
    days: { type: 'json' },
    command: { type: 'text' },
    role: { type: 'text' },
    purpose: { type: 'text' },
  },
  examples: [
    'schedule print crontab',
    'schedule print systemd',
    'schedule print crontab --json job,from,command',
  ],
  details: `The jobs of a trading day at the times of the configured time zone: risk, sessions, seals, backups, retention, doctor.
A crontab uses the clock of this machine, so print it on the machine that will run it. Jobs that need Redis are included
where Redis is configured; partition ensure is commented out until orders are partitioned, metrics print until node_exporter reads its folder. The jobs get the configuration
file, profile, settings and PATH of this command, and its flags that say how to reach a database, or where to log; a password in a variable of this shell is refused, because it belongs in a
configuration file. Where the profile is protected, jobs that write carry its name (--confirm NAME). systemd units run as you, or as the user pinnacle when you are root. Each job names the database role
that it needs where roles are applied: give jobs with other roles a configuration of their own. Changes nothing: read the
output, then install it.`,
  async run({ format }, ctx: Context) {
    const { printSchedule } = await import('../../operations/schedule/print-schedule.ts');
    const { text, rows } = await printSchedule(ctx, format);
    return new RawOutput([Buffer.from(text)], rows);
  },
});
