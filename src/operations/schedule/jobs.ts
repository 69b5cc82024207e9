import type { Role } from '../../cli/command.ts';
import { shellWord } from '../../util/text.ts';

/** A minute of the week, Sunday midnight being 0. */
type Minute = number;

/** A recurring command, scheduled in the time zone of the exchange. */
export interface Job {
  name: string;
  /** What it is for, printed beside it. */
  purpose: string;
  command: string;
  /** Whether it writes to a database, so that a protected profile asks for its name. */
  writes?: true;
  /** The role that its login needs, if not cron. */
  role?: Role;
  /** What must be set up before it can run. */
  needs?: 'redis' | 'partitions' | 'node_exporter';
  days: readonly number[];
  /** From `from` to `until` (HH:MM), every so many minutes. */
  from: string;
  until?: string;
  every?: number;
}

const TRADING = [1, 2, 3, 4, 5];
const DAILY = [0, 1, 2, 3, 4, 5, 6];

/** The jobs of a trading day of the NSE, which is open from 09:15 to 15:30. */
export const JOBS: readonly Job[] = [
  {
    name: 'backup-status',
    purpose: 'check that last night has a backup',
    command: 'backup status --max-age 26h',
    role: 'owner',
    days: TRADING,
    from: '08:30',
  },
  {
    name: 'doctor',
    purpose: 'check the system before the market opens',
    command: 'doctor',
    days: TRADING,
    from: '08:45',
  },
  {
    name: 'realtime-drain',
    purpose: 'write to Redis what it has missed',
    command: 'realtime drain',
    writes: true,
    needs: 'redis',
    days: DAILY,
    from: '00:00',
    until: '23:59',
    every: 5,
  },
  {
    name: 'alert-deliver',
    purpose: 'send alerts to the channels that take them',
    command: 'alert deliver',
    writes: true,
    days: DAILY,
    from: '00:00',
    until: '23:59',
    every: 1,
  },
  {
    name: 'session-start',
    purpose: 'start a session of every enabled user, by which drawdown is measured',
    command: 'session start --all',
    writes: true,
    days: TRADING,
    from: '09:00',
  },
  {
    name: 'risk-check',
    purpose: 'evaluate the risk rules while the market is open',
    command: 'risk check --changed',
    writes: true,
    days: TRADING,
    from: '09:15',
    until: '15:30',
    every: 5,
  },
  {
    name: 'session-end',
    purpose: 'end the sessions of the trading day',
    command: 'session end --all',
    writes: true,
    days: TRADING,
    from: '15:45',
  },
  {
    name: 'charges-book',
    purpose: 'book brokerage, taxes and fees of the trading day',
    command: 'charges book',
    role: 'operator',
    writes: true,
    days: TRADING,
    from: '15:50',
  },
  {
    name: 'report-snapshot',
    purpose: 'take down what every user is worth at the end of the day',
    command: 'report snapshot',
    writes: true,
    days: TRADING,
    from: '15:55',
  },
  {
    name: 'audit-seal',
    purpose: 'seal the audit log, and sign its end where a key is configured',
    command: 'audit seal',
    writes: true,
    days: TRADING,
    from: '16:00',
  },
  {
    name: 'doctor-ledger',
    purpose: 'verify the ledger',
    command: 'doctor ledger',
    role: 'auditor',
    days: TRADING,
    from: '16:15',
  },
  {
    name: 'report-day',
    purpose: 'say what needs a person after the trading day',
    command: 'report day',
    role: 'auditor',
    days: TRADING,
    from: '16:20',
  },
  {
    name: 'metrics-print',
    purpose: 'tell Prometheus how things are, by the textfile collector of node_exporter',
    command: 'metrics print --output /var/lib/prometheus/node-exporter/pinnacle.prom',
    role: 'auditor',
    needs: 'node_exporter',
    days: DAILY,
    from: '00:00',
    until: '23:59',
    every: 1,
  },
  {
    name: 'backup-create',
    purpose: 'back up before anything is deleted',
    command: 'backup create',
    role: 'owner',
    days: DAILY,
    from: '01:00',
  },
  {
    name: 'backup-prune',
    purpose: 'keep the backups of two weeks',
    command: 'backup prune --keep 14 --yes',
    role: 'owner',
    days: DAILY,
    from: '01:45',
  },
  {
    name: 'retention',
    purpose: 'delete rows past their retention period',
    command: 'retention run --yes',
    writes: true,
    days: DAILY,
    from: '02:00',
  },
  {
    name: 'partition-ensure',
    purpose: 'create the partitions of the months ahead',
    command: 'partition ensure',
    writes: true,
    role: 'owner',
    needs: 'partitions',
    days: [0],
    from: '03:30',
  },
];

/** What the commands of all jobs are given. */
export interface Given {
  /** The name that a protected profile asks for, for jobs that write. */
  confirmation: string | undefined;
  flags: readonly string[];
}

/** The words of a job's command: it never prompts, prints only problems, and never overlaps its previous run. */
export function wordsOf({ command, writes }: Job, { confirmation, flags }: Given): string[] {
  const confirmed = writes && confirmation !== undefined ? [`--confirm=${confirmation}`] : [];
  const unattended = ['--quiet', '--no-input', '--skip-if-running'];
  return ['pinnacle', ...command.split(' '), ...confirmed, ...flags, ...unattended];
}

/** The command of a job as a line of a shell. */
export const commandOf = (job: Job, given: Given): string => wordsOf(job, given).map(shellWord).join(' ');

/** Whether a job is printed but switched off, as what it needs is set up by hand. */
export const isOff = ({ needs }: Job): boolean => needs === 'partitions' || needs === 'node_exporter';

/** The database role that the login of a job is a member of. */
export const roleOf = ({ role = 'cron' }: Job): string => `pinnacle_${role}`;

const WEEK_MINUTES = 7 * 24 * 60;

/** The minutes of the week at which a job is due, on a clock `ahead` minutes ahead of the exchange's. */
export function dueAt({ days, from, until = from, every = 1 }: Job, ahead: number): Minute[] {
  const first = minuteOf(from);
  const last = minuteOf(until);
  const times = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + i * every);
  const due = days.flatMap((day) =>
    times.map((time) => (day * 24 * 60 + time + ahead + WEEK_MINUTES) % WEEK_MINUTES),
  );
  return due.sort((a, b) => a - b);
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** Some minutes of some hours on some days. */
export interface Slot {
  days: readonly number[];
  hours: readonly number[];
  minutes: readonly number[];
}

/** Minutes of the week as slots, each one line of a crontab. */
export function slotsOf(due: readonly Minute[]): Slot[] {
  const byHour = group(due, (minute) => Math.floor(minute / 60)).map(([hour, minutes]) => ({
    day: Math.floor(hour / 24),
    hour: hour % 24,
    minutes: minutes.map((minute) => minute % 60),
  }));
  const sameDays = group(byHour, ({ hour, minutes }) => `${hour}:${minutes}`).map(([, slots]) => ({
    hour: slots[0]?.hour ?? 0,
    minutes: slots[0]?.minutes ?? [],
    days: slots.map(({ day }) => day),
  }));
  return group(sameDays, ({ days, minutes }) => `${days}:${minutes}`).map(([, slots]) => ({
    days: slots[0]?.days ?? [],
    minutes: slots[0]?.minutes ?? [],
    hours: slots.map(({ hour }) => hour).sort((a, b) => a - b),
  }));
}

function group<T, K>(values: readonly T[], keyOf: (value: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return [...groups];
}
