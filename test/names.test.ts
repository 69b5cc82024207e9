import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Words that no book of the field has for what they once named here; docs/glossary.md has those in use. */
const RETIRED = new Set(
  `admit bare bring damage dispensable dress duties earlier endless examine fold give glimpse grow holdings hold house
  image insist judge lacks latch latches life mighty offence offender once prove seen scene settle sift stray strays standing
  stands survey swept told unfit unnested vitals weigh`.split(/\s+/),
);

/** The words of a name in kebab or camel case, lower-cased. */
const wordsOf = (name: string) =>
  (name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());

const retiredIn = (name: string) => wordsOf(name).filter((word) => RETIRED.has(word));

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
);

/** Names that other files can import. */
const exportsOf = (text: string) =>
  [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)].map(
    ([, name = '']) => name,
  );

describe('names are those of the field', () => {
  it('in paths', () => {
    expect(files.filter((path) => retiredIn(path).length > 0)).toEqual([]);
  });

  it('in what files export', () => {
    const found = files.flatMap((path) =>
      exportsOf(readFileSync(join('src', path), 'utf8'))
        .filter((name) => retiredIn(name).length > 0)
        .map((name) => `${path}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  it('and the words of a name are told apart', () => {
    expect(wordsOf('refuseMighty')).toEqual(['refuse', 'mighty']);
    expect(retiredIn('trading/risk/judge.ts')).toEqual(['judge']);
    expect(retiredIn('openHousehold')).toEqual([]);
  });
});
