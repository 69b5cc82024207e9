/** How long each kind of row is kept: docs/schema.md requires the first three, --idempotency-key promises the last. */
export const DEFAULT_PERIODS = {
  sessions: '1y',
  riskRules: '1y',
  notifications: '30d',
  idempotencyKeys: '7d',
} as const;

export type Limited = keyof typeof DEFAULT_PERIODS;
/** A period such as `30d`, `4w` or `1y` for each kind. */
export type Limits = Readonly<Record<Limited, string>>;

const UNITS: Readonly<Record<string, { days: number; name: string }>> = {
  d: { days: 1, name: 'days' },
  w: { days: 7, name: 'weeks' },
  y: { days: 365, name: 'years' },
};

const PERIOD = /^([1-9]\d{0,3})([dwy])$/;

/** True for a period such as `30d`, `4w` or `1y`. */
export function isPeriod(text: string): boolean {
  return PERIOD.test(text);
}

/** A period in PostgreSQL's syntax; a year is a calendar year. */
export function intervalOf(period: string): string {
  const { number, unit } = partsOf(period);
  return `${number} ${unit.name}`;
}

/** The kinds that are kept for less than the required period; a year counts as 365 days. */
export function belowDefault(limits: Limits): Limited[] {
  return (Object.keys(DEFAULT_PERIODS) as Limited[]).filter(
    (name) => daysOf(limits[name]) < daysOf(DEFAULT_PERIODS[name]),
  );
}

function daysOf(period: string): number {
  const { number, unit } = partsOf(period);
  return number * unit.days;
}

function partsOf(period: string) {
  const [, number, letter = ''] = PERIOD.exec(period) ?? [];
  const unit = UNITS[letter];
  if (!unit) throw new RangeError('must be a period such as 30d, 4w or 1y');
  return { number: Number(number), unit };
}
