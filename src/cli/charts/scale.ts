/** The lowest and the highest value of an axis. */
export type Extent = readonly [low: number, high: number];

/** The extremes of values, and of one that is always in sight; undefined if there is no value. */
export function extentOf(values: readonly (number | null)[], base?: number): Extent | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return undefined;
  return base === undefined ? [low, high] : [Math.min(low, base), Math.max(high, base)];
}

/** An extent with some room where all values are the same. */
export function withRoom([low, high]: Extent): Extent {
  if (low < high) return [low, high];
  const room = Math.abs(low) * 0.01 || 1;
  return [low - room, high + room];
}

/** Maps values of an extent linearly to places from `start` to `end`. */
export const linear =
  ([low, high]: Extent, start: number, end: number) =>
  (value: number): number =>
    start + ((value - low) / (high - low)) * (end - start);

const STEPS = [1, 2, 2.5, 5, 10];

/** Round values within an extent, at most so many. */
export function ticksOf([low, high]: Extent, most: number): number[] {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** A place along days, and what is written there. */
interface DayTick {
  place: number;
  label: string;
}

const MONTHS = [1, 3, 6, 12, 24, 60, 120];

/** Where months, quarters or years begin, at most so many; of a few weeks, some of the days. */
export function dayTicks(days: readonly string[], most: number): DayTick[] {
  for (const months of MONTHS) {
    const begins = days.flatMap((day, place) =>
      place > 0 && spanOf(day, months) !== spanOf(days[place - 1] as string, months)
        ? { place, label: months < 12 ? day.slice(0, 7) : day.slice(0, 4) }
        : [],
    );
    if (months === 1 && begins.length < 2) break;
    if (begins.length <= most) return begins;
  }
  const step = Math.ceil(days.length / most);
  return days.flatMap((day, place) => (place % step === 0 ? { place, label: day } : []));
}

/** The number of the span of so many months that a day is in. */
const spanOf = (day: string, months: number) =>
  Math.floor((Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1) / months);
