import { cpus } from 'node:os';
import { writeRegion } from '../test/helpers/region.ts';

/** Prints what a benchmark found, and puts it into its place in docs/performance.md. */
export function publish(name: string, report: string): void {
  console.log(report);
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, one run.`;
  writeRegion('docs/performance.md', `bench:${name}`, `${report}\n\n${machine}`);
}
