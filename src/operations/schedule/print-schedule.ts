import type { Context } from '../../context.ts';
import { offsetOf } from '../../util/time.ts';
import { crontab } from './crontab.ts';
import { jobEnvironment, jobFlags } from './job-environment.ts';
import { commandOf, JOBS, roleOf } from './jobs.ts';
import { systemd } from './systemd.ts';

const MINUTE_MS = 60_000;
/** The user of systemd units where this runs as root. */
const SERVICE_USER = 'pinnacle';

/** The jobs of a trading day: as the text that cron or systemd takes, and as rows. */
export async function printSchedule(ctx: Context, format: 'crontab' | 'systemd') {
  const { redis, timeZone: exchangeZone, protected: isProtected, profile = 'protected' } = await ctx.config();
  const given = { confirmation: isProtected ? profile : undefined, flags: jobFlags(ctx) };
  const jobs = JOBS.filter(({ needs }) => needs !== 'redis' || redis !== undefined);
  const env = await jobEnvironment(ctx);
  const text =
    format === 'crontab'
      ? crontab(jobs, { ...machineClock(ctx.now(), exchangeZone), exchangeZone, env, given })
      : systemd(jobs, {
          exchangeZone,
          env,
          given,
          user: serviceUser(ctx.origin.labels['os_user'], ctx.configSource.env['SUDO_USER']),
        });
  const rows = jobs.map((job) => ({
    ...job,
    job: job.name,
    until: job.until ?? null,
    every: job.every ?? null,
    command: commandOf(job, given),
    role: roleOf(job),
  }));
  return { text, rows };
}

/** The user that runs the jobs, who only needs to read their configuration: whoever prints them, but never root. */
export function serviceUser(user: string | undefined, sudoUser: string | undefined): string {
  const candidates = [user, sudoUser, SERVICE_USER];
  return candidates.find((name) => name && name !== 'root') ?? SERVICE_USER;
}

/** The clock of this machine compared with that of the exchange. */
function machineClock(now: Date, exchangeZone: string) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offsetMinutes = (at: Date) => offsetOf(at, zone) / MINUTE_MS;
  const january = offsetMinutes(new Date(Date.UTC(now.getUTCFullYear(), 0, 1)));
  const july = offsetMinutes(new Date(Date.UTC(now.getUTCFullYear(), 6, 1)));
  return {
    zone,
    aheadMinutes: offsetMinutes(now) - offsetOf(now, exchangeZone) / MINUTE_MS,
    hasSummerTime: january !== july,
  };
}
