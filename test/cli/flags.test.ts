import { describe, expect, it } from 'vitest';
import {
  choice,
  decimal,
  duration,
  identifier,
  integer,
  json,
  money,
  optional,
  type Param,
  price,
  requiredUnless,
  text,
  time,
  toggle,
  withDefault,
  words,
} from '../../src/cli/flags.ts';

/** What each text comes to; undefined where it must be refused. */
function table<V>(name: string, param: Param<V>, cases: [unknown, unknown][]): void {
  describe(name, () => {
    it.each(cases)('%j', (given, expected) => {
      const { success, data } = param.schema.safeParse(given);
      expect(success ? data : undefined).toEqual(expected);
    });
  });
}

table('money', money('RUPEES', ''), [
  ['1000000', '1000000'],
  ['2500.5', '2500.5'],
  ['0', '0'],
  ['0.01', '0.01'],
  ['9999999999999.99', '9999999999999.99'],
  ['10000000000000', undefined],
  ['2500.505', undefined],
  ['-1', undefined],
  ['+1', undefined],
  ['1,000', undefined],
  ['₹100', undefined],
  ['1e5', undefined],
  ['.5', undefined],
  ['5.', undefined],
  ['', undefined],
  [' 5', undefined],
  ['5\n', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['१००', undefined],
]);

table('integer', integer('N', '', 1, 100), [
  ['1', 1],
  ['100', 100],
  ['+7', 7],
  ['007', 7],
  ['0', undefined],
  ['101', undefined],
  ['-1', undefined],
  ['1.0', undefined],
  ['1e1', undefined],
  ['0x10', undefined],
  ['', undefined],
  ['99999999999999999999', undefined],
]);

table('price', price('rupees a share'), [
  ['2450.50', 2450.5],
  ['88.08333333333333', 88.08333333333333],
  ['+1', 1],
  ['0.01', 0.01],
  ['1000000000', 1e9],
  ['1000000000.01', undefined],
  ['0.009', undefined],
  ['-1', undefined],
  ['1e2', undefined],
  ['NaN', undefined],
  ['', undefined],
]);

table('decimal', decimal('PRICE', '', 0.05, 1_000), [
  ['2450.50', undefined],
  ['245.05', 245.05],
  ['0.05', 0.05],
  ['0.04', undefined],
  ['1e2', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['', undefined],
]);

table('identifier', identifier('ID', '', 10), [
  ['trader_001', 'trader_001'],
  ['a.b:c-d', 'a.b:c-d'],
  ['_a', undefined],
  ['-a', undefined],
  ['a b', undefined],
  ["a'b", undefined],
  ['अ', undefined],
  ['', undefined],
  ['x'.repeat(11), undefined],
]);

table('choice', choice(['BUY', 'SELL'], 'SIDE', ''), [
  ['BUY', 'BUY'],
  ['buy', 'BUY'],
  ['Sell', 'SELL'],
  ['SHORT', undefined],
  ['', undefined],
  ['toString', undefined],
  [undefined, undefined],
]);

table('text', text('NAME', '', 5), [
  ['Asha', 'Asha'],
  ['', undefined],
  ['   ', undefined],
  ['123456', undefined],
  ['a\0b', undefined],
]);

table('time', time(''), [
  ['2026-01-31', '2026-01-31'],
  ['2026-01-31T09:15:00+05:30', '2026-01-31T09:15:00+05:30'],
  ['today', 'today'],
  ['7d', '7d'],
  ['2026-02-30', undefined],
  ['yesteryear', undefined],
  ['1738300500', undefined],
]);

table('duration', duration(''), [
  ['30s', 30_000],
  ['0s', 0],
  ['500ms', 500],
  ['30', undefined],
  ['-30s', undefined],
  ['1.5h', undefined],
]);

table('words', words('LIST', ''), [
  ['a, b,,c ', ['a', 'b', 'c']],
  ['', []],
]);

table('json', json('JSON', ''), [
  ['{"a":1}', { a: 1 }],
  ['[1]', undefined],
  ['null', undefined],
  ['{"__proto__":{}}', undefined],
  ['{', undefined],
]);

table('a switch', toggle(''), [
  [true, true],
  [undefined, false],
]);

table('what may be left out', optional(integer('N', '')), [
  [undefined, undefined],
  ['3', 3],
]);

table('what has a default', withDefault(integer('N', ''), '50'), [
  [undefined, 50],
  ['3', 3],
]);

it('what another flag may stand for is asked for, but may be left out', () => {
  const param = requiredUnless('file', integer('N', ''));
  expect(param).toMatchObject({ required: true, unless: 'file' });
  expect(param.schema.safeParse(undefined).success).toBe(true);
});
