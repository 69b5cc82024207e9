import { readFileSync, writeFileSync } from 'node:fs';

/** Renews what stands in a file between `<!-- NAME -->` and `<!-- /NAME -->`. Throws where it has no such place. */
export function writeRegion(file: string, name: string, report: string): void {
  const [from, to] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const text = readFileSync(file, 'utf8');
  const [start, end] = [text.indexOf(from) + from.length, text.indexOf(to)];
  if (!text.includes(from) || end < start) throw new Error(`${file} has no place for ${name}`);
  writeFileSync(file, `${text.slice(0, start)}\n${report}\n\n${text.slice(end)}`);
}
