import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve('.');
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-types-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A verb with these columns and this body, as a file of its own. */
const verb = (fields: string, run: string) => `
import { defineCommand } from '${root}/src/cli/command.ts';
import { type Fields, Finding, optionalFields, RawOutput } from '${root}/src/cli/result.ts';

const wide: Fields = { order_id: { type: 'text' } };
export const known = [wide, Finding, optionalFields, RawOutput];
export const command = defineCommand({
  effect: 'read',
  args: {},
  flags: {},
  fields: ${fields},
  examples: ['order show'],
  run: async () => ${run},
});
`;

const FIELDS = "{ order_id: { type: 'text' }, quantity: { type: 'integer' } }";
const LIFE = "{ order_id: { type: 'text' }, life: { type: 'rows', of: { at: { type: 'time' } } } }";

const CASES: readonly [name: string, compiles: boolean, fields: string, run: string][] = [
  ['one row', true, FIELDS, "({ order_id: 'ord_1', quantity: 1 })"],
  ['rows', true, FIELDS, "[{ order_id: 'ord_1', quantity: null }]"],
  ['no rows', true, FIELDS, '[]'],
  ['a finding', true, FIELDS, "new Finding([{ order_id: 'ord_1', quantity: 1 }])"],
  ['an optional column left out', true, `optionalFields(${FIELDS})`, "({ order_id: 'ord_1' })"],
  ['rows within a row', true, LIFE, "({ order_id: 'ord_1', life: [{ at: '2026-01-31T09:15:00Z' }] })"],
  ['raw output without rows', true, FIELDS, 'new RawOutput<never>([])'],
  ['a renamed column', false, FIELDS, "({ order: 'ord_1', quantity: 1 })"],
  ['a renamed column of many rows', false, FIELDS, "[{ order_id: 'ord_1', qty: 1 }]"],
  ['a renamed column of a finding', false, FIELDS, "new Finding([{ order_id: 'ord_1', qty: 1 }])"],
  ['a renamed column of raw output', false, FIELDS, "new RawOutput([], [{ order_id: 'ord_1', qty: 1 }])"],
  ['a renamed column of rows within', false, LIFE, "({ order_id: 'ord_1', life: [{ when: '2026' }] })"],
  ['a column that is left out', false, FIELDS, "({ order_id: 'ord_1' })"],
  ['a value of another type', false, FIELDS, "({ order_id: 'ord_1', quantity: true })"],
  ['an optional column of another type', false, `optionalFields(${FIELDS})`, '({ order_id: 1 })'],
  ['fields that the compiler cannot name', false, 'wide', "({ order_id: 'ord_1' })"],
];

/** The files that do not compile, with their first complaint. */
function complaints(): Map<string, string> {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const { stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  const found = [...stdout.matchAll(/case-(\d+)\.ts\(\d+,\d+\): error (.*)/g)];
  expect(stdout.split('\n').filter((line) => line.includes(': error ')).length).toBe(found.length);
  return new Map(found.map(([, i = '', text = '']) => [i, text]));
}

describe('the fields of a verb and the rows that it returns', () => {
  CASES.forEach(([, , fields, run], i) => {
    writeFileSync(join(folder, `case-${i}.ts`), verb(fields, run));
  });
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: true, typeRoots: [join(root, 'node_modules', '@types')] },
    files: [...CASES.map((_, i) => `case-${i}.ts`), join(root, 'src', 'globals.d.ts')],
    include: [],
  };
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const found = complaints();

  it.each(CASES.map(([name, compiles], i) => ({ name, compiles, i })))(
    '$name: compiles: $compiles',
    ({ compiles, i }) => {
      expect(found.get(String(i)) === undefined, found.get(String(i))).toBe(compiles);
    },
  );
});
