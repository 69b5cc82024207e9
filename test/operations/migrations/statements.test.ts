import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStatements } from '../../../src/operations/migrations/split-statements.ts';

const split = (script: string) => splitStatements(script).map(({ sql }) => sql);

describe('splitStatements', () => {
  it.each([
    ['nothing', '', []],
    ['blanks and comments alone', ' \n-- a; b\n/* c; */\n;;', []],
    ['plain statements', 'SELECT 1; SELECT 2;\n', ['SELECT 1', 'SELECT 2']],
    ['a last one without a semicolon', 'SELECT 1;SELECT 2 -- end', ['SELECT 1', 'SELECT 2']],
    ['a quote in a literal', "SELECT 'it''s; fine'; SELECT 2", ["SELECT 'it''s; fine'", 'SELECT 2']],
    ['a backslash in a plain literal', "SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
    ['a backslash in an E literal', "SELECT E'a\\'; b'; SELECT 2", ["SELECT E'a\\'; b'", 'SELECT 2']],
    ['an E literal in two parts', "SELECT E'a'\n  '\\';'; SELECT 2", ["SELECT E'a'\n  '\\';'", 'SELECT 2']],
    ['a word that ends in e', "SELECT type'a\\'; SELECT 2", ["SELECT type'a\\'", 'SELECT 2']],
    ['a quoted name', 'SELECT 1 AS "a;""b"; SELECT 2', ['SELECT 1 AS "a;""b"', 'SELECT 2']],
    ['dollar quotes', 'DO $$ a; $b$ ; $$; SELECT 2', ['DO $$ a; $b$ ; $$', 'SELECT 2']],
    ['named dollar quotes', "DO $x$ a; $$ ; ' $x$; SELECT 2", ["DO $x$ a; $$ ; ' $x$", 'SELECT 2']],
    ['a dollar in a name', 'SELECT a$b$; SELECT c$b$', ['SELECT a$b$', 'SELECT c$b$']],
    [
      'nested comments',
      'SELECT /* a /* b; */ c; */ 1; SELECT 2',
      ['SELECT /* a /* b; */ c; */ 1', 'SELECT 2'],
    ],
    [
      'a line comment inside',
      'SELECT 1 -- one; or\n + 2; SELECT 3',
      ['SELECT 1 -- one; or\n + 2', 'SELECT 3'],
    ],
    ['a comment sign in a literal', "SELECT '--'; SELECT '/*'", ["SELECT '--'", "SELECT '/*'"]],
    [
      'parentheses',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    [
      'an SQL body',
      'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
      [
        'CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
        'SELECT 3',
      ],
    ],
    ['BEGIN as a statement', 'BEGIN; SELECT 1; END;', ['BEGIN', 'SELECT 1', 'END']],
    ['letters beyond ASCII', "SELECT 'ऑर्डर;' AS größe; SELECT 2", ["SELECT 'ऑर्डर;' AS größe", 'SELECT 2']],
  ])('%s', (_what, script, expected) => {
    expect(split(script)).toEqual(expected);
  });

  it('says on which line a statement begins', () => {
    const script = '-- head\n\nSELECT 1;\n/* two\nlines */ SELECT\n2; SELECT 3;';
    expect(splitStatements(script).map(({ line }) => line)).toEqual([3, 5, 6]);
  });

  it('takes apart what was put together', () => {
    const piece = fc.constantFrom(
      'SELECT',
      'x',
      '1.5',
      ',',
      "'a;b'",
      "'it''s;'",
      "E'\\';'",
      '"n;n"',
      '$$;$$',
      '$t$ $$ ; $t$',
      '(a;b)',
      '/* ; /* ; */ */',
      '-- ;\n',
    );
    const statement = fc
      .array(piece, { maxLength: 8 })
      .map((pieces) => ['BODY', ...pieces, 'TAIL'].join(' '));
    const between = fc.constantFrom('', ' ', '\n', ' -- ;\n', '/* ; */', ';');
    fc.assert(
      fc.property(fc.array(fc.tuple(between, statement)), (parts) => {
        const script = parts.map(([gap, text]) => `${gap}${text};`).join('');
        expect(split(script)).toEqual(parts.map(([, text]) => text));
        for (const { sql, line } of splitStatements(script))
          expect(
            script
              .split('\n')
              .slice(line - 1)
              .join('\n'),
          ).toContain(sql);
      }),
    );
  });
});
