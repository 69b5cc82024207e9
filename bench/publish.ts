import { cpus } from 'node:os';
import { writeRegion } from '../test/helpers/region.ts';

const MISSED = '**missed**';

/** The middle one of some figures; NaN of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A figure of a table with the most that it may be, which says so where it is more. Both are judged as they are shown. */
export function atMost(value: number, limit: number, digits = 2): string {
  const shown = value.toFixed(digits);
  return `${shown} (at most ${limit}${Number(shown) > limit ? `: ${MISSED}` : ''})`;
}

/** The same with the least that it may be. */
export function atLeast(value: number, limit: number, digits = 2): string {
  const shown = value.toFixed(digits);
  return `${shown} (at least ${limit}${Number(shown) < limit ? `: ${MISSED}` : ''})`;
}

/** Prints what a benchmark found, and puts it into its place in docs/performance.md; ends 6 where a limit is missed. */
export function publish(name: string, report: string): void {
  console.log(report);
  if (report.includes(MISSED)) process.exitCode = 6;
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, one run.`;
  writeRegion('docs/performance.md', `bench:${name}`, `${report}\n\n${machine}`);
}
