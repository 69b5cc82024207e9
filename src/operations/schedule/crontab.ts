import { commandOf, dueAt, type Given, isOff, type Job, roleOf, slotsOf } from './jobs.ts';

export interface CrontabOptions {
  /** Minutes that the clock of cron is ahead of the exchange's. */
  aheadMinutes: number;
  /** The time zone of the machine. */
  zone: string;
  hasSummerTime: boolean;
  exchangeZone: string;
  /** Variables that the jobs need. */
  env: Readonly<Record<string, string>>;
  given: Given;
}

/** A crontab of the jobs, for a cron that runs on the clock of this machine. */
export function crontab(
  jobs: readonly Job[],
  { aheadMinutes, zone, hasSummerTime, exchangeZone, env, given }: CrontabOptions,
): string {
  const lines = [
    `# The jobs of pinnacle, on the clock of this machine (${zone}); each comment gives the time in ${exchangeZone}.`,
    ...(hasSummerTime
      ? [`# ${zone} changes its clock twice a year: print this again then, or use systemd timers.`]
      : []),
    '# A job that succeeds prints nothing, so cron sends no mail; any other prints the reason.',
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  for (const job of jobs) {
    lines.push('', `# ${clockTimes(job)}, as a member of ${roleOf(job)}: ${job.purpose}`);
    for (const { days, hours, minutes } of slotsOf(dueAt(job, aheadMinutes))) {
      const fields = [list(minutes, 60), list(hours, 24), '*', '*', list(days, 7)].join(' ');
      // Cron takes a percent sign for a line break.
      lines.push(`${isOff(job) ? '# ' : ''}${fields} ${commandOf(job, given).replaceAll('%', '\\%')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function clockTimes({ from, until, every }: Job): string {
  return until === undefined ? from : `${from} to ${until} every ${every} min`;
}

/** Numbers in the syntax of cron: `*`, a range, a range with a step, or a list. */
function list(numbers: readonly number[], count: number): string {
  const [first = 0, second] = numbers;
  const last = numbers.at(-1) ?? first;
  const step = second === undefined ? 1 : second - first;
  const even = numbers.length > 2 && numbers.every((n, i) => n === first + i * step);
  if (!even) return numbers.join(',');
  if (first === 0 && last + step >= count) return step === 1 ? '*' : `*/${step}`;
  return step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`;
}
