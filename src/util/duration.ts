/** The longest that a timer of Node takes, and a timeout of PostgreSQL, in milliseconds. */
export const MAX_TIMER_MS = 2_147_483_647;

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of `500ms`, `30s`, `5m`, `26h`, `7d`, `2w`; throws RangeError on anything else. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  const unit = match?.[2] ? UNITS[match[2]] : undefined;
  if (!match || unit === undefined)
    throw new RangeError('must be a duration such as 500ms, 30s, 5m, 24h or 7d');
  return Number(match[1]) * unit;
}

/** A duration for people: `420 ms`, `3.2 s`, `2 min`, `5 h`, `3 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
