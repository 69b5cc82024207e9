import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const FILE = 'docs/performance.md';

/** Prints what a benchmark found, and puts it into its place in docs/performance.md. */
export function publish(name: string, report: string): void {
  console.log(report);
  const [from, to] = [`<!-- bench:${name} -->\n`, `<!-- /bench:${name} -->`];
  const text = readFileSync(FILE, 'utf8');
  const [start, end] = [text.indexOf(from) + from.length, text.indexOf(to)];
  if (!text.includes(from) || end < start) throw new Error(`${FILE} has no place for bench:${name}`);
  const machine = `Node ${process.versions.node}, ${cpus().length} cores, one run.`;
  writeFileSync(FILE, `${text.slice(0, start)}\n${report}\n\n${machine}\n\n${text.slice(end)}`);
}
