import { defineCommand } from '../../cli/command.ts';
import { choice } from '../../cli/flags.ts';
import { RawOutput } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { commandOf, JOBS, roleOf } from '../../operations/schedule/jobs.ts';
import { offsetOf } from '../../util/time.ts';
import { crontab } from './crontab.ts';
import { systemd } from './systemd.ts';

export const print = defineCommand({
  effect: 'read',
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
A crontab has them on the clock of this machine; print it on the machine that it is for. Jobs that need Redis are there
where Redis is configured; partition ensure is switched off until orders are partitioned. Print it with the --config,
--profile and PATH that the jobs are to have. Each job names the database role it
needs where roles are applied: give those that need another one a configuration of their own. It changes nothing: read it,
then install it.`,
  async run({ format }, ctx: Context) {
    const { redis, timeZone: exchange } = await ctx.config();
    const jobs = JOBS.filter(({ needs }) => needs !== 'redis' || redis !== undefined);
    const env = await surroundings(ctx);
    const text =
      format === 'crontab'
        ? crontab(jobs, { ...clockOf(ctx.now(), exchange), exchange, env })
        : systemd(jobs, { exchange, env, user: ctx.origin.labels['os_user'] ?? 'root' });
    return new RawOutput(
      [Buffer.from(text)],
      jobs.map((job) => ({ ...job, job: job.name, command: commandOf(job), role: roleOf(job) })),
    );
  },
});

/** The clock of this machine beside that of the exchange. */
function clockOf(now: Date, exchange: string) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = (at: Date) => offsetOf(at, zone) / 60_000;
  const [january, july] = [0, 6].map((month) => offset(new Date(Date.UTC(now.getUTCFullYear(), month, 1))));
  return {
    zone,
    ahead: offset(now) - offsetOf(now, exchange) / 60_000,
    shifting: january !== july,
  };
}

/** What the jobs need of the surroundings that this was run in, paths and names only: never a URL, which may hold a password. */
async function surroundings({ io, configSource }: Context): Promise<Record<string, string>> {
  const { findConfigFile } = await import('../../platform/config/file.ts');
  const file = await findConfigFile(configSource);
  const profile = configSource.profile ?? io.env['PINNACLE_PROFILE'];
  return {
    PATH: io.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    ...(file && { PINNACLE_CONFIG: file.path }),
    ...(profile && { PINNACLE_PROFILE: profile }),
  };
}
