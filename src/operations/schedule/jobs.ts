import type { Role } from '../../cli/command.ts';

/** A minute of the week, Sunday midnight being 0. */
type Minute = number;

/** Work that is due again and again, in the time zone of the exchange. */
export interface Job {
  name: string;
  /** Why, for whoever reads the schedule. */
  purpose: string;
  command: string;
  /** The role of its login, if not cron. */
  role?: Role;
  /** What must be there for it to make sense. */
  needs?: 'redis' | 'partitions';
  days: readonly number[];
  /** From the first to the last minute of the day, each so many minutes. */
  from: string;
  until?: string;
  every?: number;
}

const TRADING = [1, 2, 3, 4, 5];
const DAILY = [0, 1, 2, 3, 4, 5, 6];

/** The jobs of a trading day of the NSE, 09:15 to 15:30. */
export const JOBS: readonly Job[] = [
  {
    name: 'backup-status',
    purpose: 'there is a backup of last night',
    command: 'backup status --max-age 26h',
    role: 'owner',
    days: TRADING,
    from: '08:30',
  },
  {
    name: 'doctor',
    purpose: 'all is well before the market opens',
    command: 'doctor',
    days: TRADING,
    from: '08:45',
  },
  {
    name: 'realtime-drain',
    purpose: 'what Redis missed reaches it',
    command: 'realtime drain',
    needs: 'redis',
    days: DAILY,
    from: '00:00',
    until: '23:59',
    every: 5,
  },
  {
    name: 'risk-check',
    purpose: 'every rule measured while the market is open',
    command: 'risk check',
    days: TRADING,
    from: '09:15',
    until: '15:30',
    every: 5,
  },
  {
    name: 'session-end',
    purpose: 'sessions end with the trading day',
    command: 'session end --all',
    days: TRADING,
    from: '15:45',
  },
  {
    name: 'audit-seal',
    purpose: 'the audit log sealed, and its end signed where a key is configured',
    command: 'audit seal',
    days: TRADING,
    from: '16:00',
  },
  {
    name: 'doctor-ledger',
    purpose: 'the book proved',
    command: 'doctor ledger',
    role: 'auditor',
    days: TRADING,
    from: '16:15',
  },
  {
    name: 'backup-create',
    purpose: 'a backup, before anything is deleted',
    command: 'backup create',
    role: 'owner',
    days: DAILY,
    from: '01:00',
  },
  {
    name: 'backup-prune',
    purpose: 'the backups of two weeks kept',
    command: 'backup prune --keep 14 --yes',
    role: 'owner',
    days: DAILY,
    from: '01:45',
  },
  {
    name: 'retention',
    purpose: 'what is past its time deleted, while nobody trades',
    command: 'retention run --yes',
    days: DAILY,
    from: '02:00',
  },
  {
    name: 'partition-ensure',
    purpose: 'months ahead have their partitions',
    command: 'partition ensure',
    role: 'owner',
    needs: 'partitions',
    days: [0],
    from: '03:30',
  },
];

/** Every flag of a job: nobody is asked, nothing is said unless something is wrong, no run overlaps the one before. */
export const commandOf = ({ command }: Job) => `pinnacle ${command} --quiet --no-input --skip-if-running`;

/** The role of the database that the login of a job is a member of. */
export const roleOf = ({ role = 'cron' }: Job): string => `pinnacle_${role}`;

const WEEK = 7 * 24 * 60;

/** The minutes of the week that a job is due at, on a clock that is `ahead` minutes ahead of the exchange's. */
export function dueAt({ days, from, until = from, every = 1 }: Job, ahead: number): Minute[] {
  const [first, last] = [minuteOf(from), minuteOf(until)];
  const times = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + i * every);
  const due = days.flatMap((day) => times.map((time) => (day * 24 * 60 + time + ahead + WEEK) % WEEK));
  return due.sort((a, b) => a - b);
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** Hours of some days with the minutes that are the same in all of them. */
export interface Slot {
  days: readonly number[];
  hours: readonly number[];
  minutes: readonly number[];
}

/** The fewest slots that make up some minutes of the week, each a line of a crontab. */
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
