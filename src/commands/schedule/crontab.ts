import { commandOf, dueAt, type Job, roleOf, slotsOf } from '../../operations/schedule/jobs.ts';

export interface Place {
  /** Minutes that the clock of cron is ahead of the exchange's. */
  ahead: number;
  zone: string;
  /** Whether that zone changes its clock in the course of the year. */
  shifting: boolean;
  exchange: string;
  /** Variables that the jobs need. */
  env: Readonly<Record<string, string>>;
}

/** A crontab of the jobs, for a cron whose clock is that of this machine. */
export function crontab(jobs: readonly Job[], { ahead, zone, shifting, exchange, env }: Place): string {
  const lines = [
    `# The jobs of pinnacle, on the clock of this machine (${zone}); beside each stands its time in ${exchange}.`,
    ...(shifting
      ? [`# ${zone} changes its clock twice a year: print this anew then, or take systemd timers.`]
      : []),
    '# A job that has nothing to say sends no mail; one that ends with another code than 0 says why.',
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  ];
  for (const job of jobs) {
    lines.push('', `# ${clockTimes(job)}, as a member of ${roleOf(job)}: ${job.purpose}`);
    for (const { days, hours, minutes } of slotsOf(dueAt(job, ahead))) {
      const fields = [list(minutes, 60), list(hours, 24), '*', '*', list(days, 7)].join(' ');
      // A percent sign is a line break to cron.
      lines.push(
        `${job.needs === 'partitions' ? '# ' : ''}${fields} ${commandOf(job).replaceAll('%', '\\%')}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function clockTimes({ from, until, every }: Job): string {
  return until === undefined ? from : `${from} to ${until} every ${every} min`;
}

/** Numbers as cron has them: `*`, a range, steps of a range, or one by one. */
function list(numbers: readonly number[], of: number): string {
  const [first = 0, second] = numbers;
  const last = numbers.at(-1) ?? first;
  const step = second === undefined ? 1 : second - first;
  const even = numbers.length > 2 && numbers.every((n, i) => n === first + i * step);
  if (!even) return numbers.join(',');
  if (first === 0 && last + step >= of) return step === 1 ? '*' : `*/${step}`;
  return step === 1 ? `${first}-${last}` : `${first}-${last}/${step}`;
}
