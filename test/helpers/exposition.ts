/** A line of metrics: its name, its labels, its value. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let end = 0;
  for (const match of text.matchAll(LABEL)) {
    const [whole, name = '', value = ''] = match;
    if (name in labels) throw new Error(`the label ${name} twice: ${text}`);
    labels[name] = value.replaceAll('\\n', '\n').replaceAll(/\\(.)/g, '$1');
    end = (match.index ?? 0) + whole.length;
  }
  if (end !== text.length) throw new Error(`no labels: ${text}`);
  return labels;
}

const NUMBER = /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const TYPES = /^(gauge|counter|info|stateset|unknown|untyped)$/;

/** What was read of a family. */
interface Family {
  told: Set<string>;
  series: Map<string, Series>;
}

/**
 * Reads metrics strictly, by the grammar of the format: HELP and TYPE once and before the values, families in one piece, no series
 * twice; of OpenMetrics also no empty line, and `# EOF` at the end alone. Throws what is wrong.
 */
export function readExposition(text: string, format: 'prometheus' | 'openmetrics'): Series[] {
  const families = new Map<string, Family>();
  let current = '';
  for (const line of linesOf(text, format)) {
    const name = /^(?:# (?:HELP|TYPE) )?([a-zA-Z_:][a-zA-Z0-9_:]*)/.exec(line)?.[1] ?? '';
    if (name !== current && families.has(name)) throw new Error(`a family in two pieces: ${line}`);
    current = name;
    const family = families.get(name) ?? { told: new Set(), series: new Map() };
    families.set(name, family);
    if (line.startsWith('#')) readAbout(line, family);
    else readValue(line, family);
  }
  for (const [name, { told, series }] of families)
    if (told.size !== 2 || series.size === 0) throw new Error(`${name} has no HELP, TYPE or value`);
  return [...families.values()].flatMap(({ series }) => [...series.values()]);
}

function linesOf(text: string, format: 'prometheus' | 'openmetrics'): string[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'prometheus') return lines.filter((line) => line !== '');
  if (lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  return lines;
}

function readAbout(line: string, { told, series }: Family): void {
  const [, kind, rest = ''] = /^# (HELP|TYPE) \S+ (.+)$/.exec(line) ?? [];
  if (kind === undefined) throw new Error(`no line of the format: ${line}`);
  if (told.has(kind) || series.size > 0) throw new Error(`not once before the values: ${line}`);
  if (kind === 'TYPE' && !TYPES.test(rest)) throw new Error(`no type: ${line}`);
  told.add(kind);
}

function readValue(line: string, { series }: Family): void {
  const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
  if (!NUMBER.test(value)) throw new Error(`no value: ${line}`);
  const one = { name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) };
  const key = JSON.stringify(Object.entries(one.labels).sort());
  if (series.has(key)) throw new Error(`a series twice: ${line}`);
  series.set(key, one);
}
