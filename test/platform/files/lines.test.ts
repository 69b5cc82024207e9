import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../../src/cli/result.ts';
import { countLines, FORMATS, lineWriter } from '../../../src/platform/files/copy-lines.ts';
import { lineConverter, rowLines, rowsOf } from '../../../src/platform/files/write-rows.ts';

const FIELDS = {
  id: { type: 'text' },
  shares: { type: 'integer' },
  note: { type: 'text' },
  price: { type: 'number' },
  capital: { type: 'money' },
  at: { type: 'time' },
} as const satisfies Fields;
const NAMES = Object.keys(FIELDS);

/** Text as COPY writes it. */
const escaped = (text: string) =>
  text.replace(
    /[\\\b\f\n\r\t\v]/g,
    (char) => `\\${{ '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' }[char] ?? char}`,
  );

const nullable = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });
const row = (text: fc.Arbitrary<string>) =>
  fc.tuple(
    text,
    nullable(fc.integer({ min: 0 })),
    nullable(text),
    nullable(fc.integer({ min: 1, max: 1e9 }).map((paisa) => paisa / 100)),
    nullable(fc.integer({ min: 0, max: 1e9 }).map((parts) => String(parts / 1e4))),

    nullable(
      fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) =>
        date
          .toISOString()
          .slice(0, -1)
          .replace('T', ' ')
          .replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros)),
      ),
    ),
  );
const copied = (rows: readonly (readonly unknown[])[]) =>
  Buffer.from(
    rows
      .map((values) => `${values.map((v) => (v === null ? '\\N' : escaped(String(v)))).join('\t')}\n`)
      .join(''),
  );

describe.each(FORMATS)('lines of COPY as %s', (format) => {
  it('are the same byte by byte as row by row', () => {
    const plain = fc.stringMatching(/^[A-Za-z0-9_.:][A-Za-z0-9_.: -]{0,20}$/).map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(row(plain), { minLength: 1, maxLength: 20 }), (rows) => {
        const lines = copied(rows);
        const slow = rowLines(rowsOf(lines, NAMES, FIELDS), NAMES, FIELDS, format);
        const written = lineWriter(NAMES, FIELDS, format)(lines, 0);
        expect(written).toEqual({ text: Buffer.from(slow), rows: rows.length, end: lines.length });
        expect(countLines(lines)).toBe(rows.length);
      }),
    );
  });

  it('are the same as row by row where some are not plain', () => {
    const hostile = fc.constantFrom(
      ...['x', 'y', 'z', 'v', 'w', ' x'],
      '=1+1',
      '+1',
      '-1',
      '@x',
      '\t=x',
      'a,b',
      '"',
      'a\nb',
      '\\',
      '\\N',
      'é',
      '\u202e',
      '\x1b[31m',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(row(hostile), { minLength: 1, maxLength: 60 }), (rows) => {
        const lines = copied(rows);
        const slow = rowLines(rowsOf(lines, NAMES, FIELDS), NAMES, FIELDS, format);
        const convert = lineConverter(NAMES, FIELDS, format);
        for (let piece = 0; piece < 2; piece++)
          expect(convert(lines)).toEqual({ text: Buffer.from(slow), rows: rows.length });
      }),
      { numRuns: 300 },
    );
  });
});
