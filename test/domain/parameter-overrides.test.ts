import { describe, expect, it } from 'vitest';
import { describeParameters, overrideProblems } from '../../src/domain/parameter-overrides.ts';

const KNOWN = { period: 14, side: 'long', weights: [1], stops: { tight: 1 }, trail: true, none: null };

describe('the parameters of a user', () => {
  it.each<[string, string[]]>([
    ['{}', []],
    ['{"period":21,"side":"","weights":[],"stops":{},"trail":false,"none":null}', []],
    ['{"period":"21"}', ['The parameter period must be a number, not a text.']],
    ['{"side":1}', ['The parameter side must be a text, not a number.']],
    ['{"weights":{}}', ['The parameter weights must be an array, not an object.']],
    ['{"stops":[]}', ['The parameter stops must be an object, not an array.']],
    ['{"trail":null}', ['The parameter trail must be true or false, not null.']],
    ['{"none":0}', ['The parameter none must be null, not a number.']],
    ['{"perido":1,"x":2}', ['There is no parameter perido.', 'There is no parameter x.']],
    [
      '{"__proto__":{},"constructor":1}',
      ['There is no parameter __proto__.', 'There is no parameter constructor.'],
    ],
  ])('%s', (own, problems) => {
    expect(overrideProblems(JSON.parse(own), KNOWN)).toEqual(problems);
  });

  it('are listed with their types', () => {
    expect(describeParameters({})).toBe('none');
    expect(describeParameters(KNOWN)).toBe(
      'period (a number), side (a text), weights (an array), stops (an object), trail (true or false), none (null)',
    );
  });
});
