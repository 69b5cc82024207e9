import { describe, expect, it } from 'vitest';
import type { TradingSymbol } from '../../src/domain/symbol.ts';
import { aliasProblem, resolveAliases } from '../../src/domain/symbol-aliases.ts';

/** `A>B C>D`. */
const aliases = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((pair) => {
      const [old_symbol, new_symbol] = pair.split('>') as [TradingSymbol, TradingSymbol];
      return { old_symbol, new_symbol };
    });
const one = (text: string) => aliases(text)[0] as ReturnType<typeof aliases>[number];

describe('aliases of symbols', () => {
  it.each([
    ['', ''],
    ['A>B', 'A>B'],
    ['A>B B>C', 'A>C B>C'],
    ['C>D B>C A>B', 'C>D B>D A>D'],
    ['A>C B>C', 'A>C B>C'],
  ])('lead to the last name: %s', (given, meant) => {
    expect([...resolveAliases(aliases(given))].map(([from, to]) => `${from}>${to}`).join(' ')).toBe(meant);
  });

  it.each([
    ['A>B', '', undefined],
    ['A>B', 'A>B', undefined],
    ['B>C', 'A>B', undefined],
    ['A>B', 'B>C', undefined],
    ['A>B', 'C>B D>C', undefined],
    ['A>C', 'A>B', 'A is the old name of B already'],
    ['A>C', 'A>B B>C', 'A is the old name of B already'],
    ['B>A', 'A>B', 'A is called B: it would be its own old name'],
    ['C>A', 'A>B B>C', 'A is called B is called C: it would be its own old name'],
  ])('neither contradict each other nor form a cycle: %s beside %s', (added, present, problem) => {
    expect(aliasProblem(one(added), aliases(present))).toBe(problem);
  });
});
