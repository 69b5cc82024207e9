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

const PARTS = ['_bucket', '_sum', '_count'];
const NUMBER = /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]Inf|NaN)$/;
const TYPES = /^(gauge|counter|histogram|info|stateset|unknown|untyped)$/;

/** What was read of a family. */
interface Family {
  told: Set<string>;
  type?: string;
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
    const name = familyOf(line, current, families.get(current)?.type);
    if (name !== current && families.has(name)) throw new Error(`a family in two pieces: ${line}`);
    current = name;
    const family = families.get(name) ?? { told: new Set(), series: new Map() };
    families.set(name, family);
    if (line.startsWith('#')) readAbout(line, family);
    else readValue(line, family);
  }
  for (const [name, { told, type, series }] of families) {
    if (told.size !== 2 || series.size === 0) throw new Error(`${name} has no HELP, TYPE or value`);
    if (type === 'histogram') checkHistogram(name, [...series.values()]);
  }
  return [...families.values()].flatMap(({ series }) => [...series.values()]);
}

/** The family that a line is of, where the line before was of `current`. */
function familyOf(line: string, current: string, type: string | undefined): string {
  const name = /^(?:# (?:HELP|TYPE) )?([a-zA-Z_:][a-zA-Z0-9_:]*)/.exec(line)?.[1] ?? '';
  return type === 'histogram' && PARTS.some((part) => name === current + part) ? current : name;
}

function linesOf(text: string, format: 'prometheus' | 'openmetrics'): string[] {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'prometheus') return lines.filter((line) => line !== '');
  if (lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  return lines;
}

function readAbout(line: string, family: Family): void {
  const { told, series } = family;
  const [, kind, rest = ''] = /^# (HELP|TYPE) \S+ (.+)$/.exec(line) ?? [];
  if (kind === undefined) throw new Error(`no line of the format: ${line}`);
  if (told.has(kind) || series.size > 0) throw new Error(`not once before the values: ${line}`);
  if (kind === 'TYPE' && !TYPES.test(rest)) throw new Error(`no type: ${line}`);
  told.add(kind);
  if (kind === 'TYPE') family.type = rest;
}

function readValue(line: string, { series }: Family): void {
  const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
  if (!NUMBER.test(value)) throw new Error(`no value: ${line}`);
  const one = { name, labels: labelsOf(labels), value: Number(value.replace('Inf', 'Infinity')) };
  const key = JSON.stringify([name, Object.entries(one.labels).sort()]);
  if (series.has(key)) throw new Error(`a series twice: ${line}`);
  series.set(key, one);
}

/** For each set of labels: buckets in their order, each with those before it, the last without a limit; the sum; and the count, which is that of the last. */
function checkHistogram(name: string, all: readonly Series[]): void {
  const labelled = new Map<string, Series[]>();
  for (const each of all) {
    const { le, ...labels } = each.labels;
    if ((le !== undefined) !== each.name.endsWith('_bucket')) throw new Error(`le of ${each.name}`);
    const key = JSON.stringify(labels);
    labelled.set(key, [...(labelled.get(key) ?? []), each]);
  }
  for (const [labels, own] of labelled) {
    const values = own.filter((each) => each.name === `${name}_bucket`);
    const limits = values.map((each) => Number(each.labels['le']?.replace('Inf', 'Infinity')));
    const grow = (numbers: readonly number[]) => numbers.every((each, i) => each >= (numbers[i - 1] ?? 0));
    const rest = (part: string) => own.filter((each) => each.name === name + part).map(({ value }) => value);
    const counts = values.map(({ value }) => value);
    if (
      !grow(limits) ||
      !grow(counts) ||
      limits.at(-1) !== Number.POSITIVE_INFINITY ||
      rest('_sum').length !== 1
    )
      throw new Error(`no histogram: ${name} ${labels}`);
    if (rest('_count').length !== 1 || rest('_count')[0] !== counts.at(-1))
      throw new Error(`no count of ${name} ${labels}`);
  }
}
