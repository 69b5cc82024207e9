import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOUNS } from '../../src/program.ts';
import { wrongWith } from '../helpers/typed.ts';
import { words } from '../helpers/words.ts';

/** A word in capitals, as it stands in help for a value. */
const PLACEHOLDER = /(?<![\w"=%-])[A-Z]+(?![\w-])/;
/** Values in capitals, and what only the operator can know: a day, a file, the price of a share, its new name. */
const KNOWN = /\b(PENDING|DEAD|CRITICAL|TCS|DATE|FILE|PRICE|NEW)\b/g;
/** What is no message: labels of keys, scripts for shells, jobs. */
const OTHER = /scripts\.ts$|cipher\.ts$|key-ring\.ts$|^operations\/schedule\//;

interface Named {
  path: string;
  /** As the operator sees it, with an example for each value. */
  line: string;
}

/** The text of a literal with an example in the place of each value: the first of two texts to choose from, or `x1`. */
function withExamples(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '$' || text[at + 1] !== '{') {
      out += text[at];
      continue;
    }
    let depth = 0;
    const start = at + 2;
    for (at++; at < text.length; at++) {
      if (text[at] === '{') depth++;
      if (text[at] === '}' && --depth === 0) break;
    }
    out += /\?[^?'`]*['`]([^'`]*)['`]/.exec(text.slice(start, at))?.[1] ?? 'x1';
  }
  return out;
}

/** Every literal of a source, comments left out. A literal within a template is part of that template. */
function literalsOf(source: string): string[] {
  const found: string[] = [];
  let at = 0;
  const skipString = (quote: string) => {
    for (at++; at < source.length && source[at] !== quote; at++) {
      if (source[at] === '\\') at++;
      else if (quote === '`' && source[at] === '$' && source[at + 1] === '{') skipExpression();
    }
  };
  const skipExpression = () => {
    let depth = 0;
    for (at++; at < source.length; at++) {
      const char = source[at] ?? '';
      if (char === '{') depth++;
      else if (char === '}' && --depth === 0) return;
      else if (`'"\``.includes(char)) skipString(char);
    }
  };
  for (; at < source.length; at++) {
    const char = source[at] ?? '';
    if (char === '/' && source[at + 1] === '/') at = source.indexOf('\n', at);
    else if (char === '/' && source[at + 1] === '*') at = source.indexOf('*/', at) + 1;
    else if (`'"\``.includes(char)) {
      const start = at + 1;
      skipString(char);
      found.push(source.slice(start, at));
    }
    if (at < 0) break;
  }
  return found;
}

/** A command ends where its sentence, its clause or its bracket does. */
const END = /\s*(?:[.,;:)](?:\s|$)|\)|\\n|\n| - |…|$)/;

const commands: Named[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !OTHER.test(path))
  .flatMap((path) =>
    literalsOf(readFileSync(join('src', path), 'utf8'))
      .map((text) => withExamples(path.startsWith('commands/') ? text.replaceAll('\n', ' ') : text))
      .flatMap((text) => text.split(/(?<![\w./-])pinnacle (?=[a-z])/).slice(1))
      .map((rest) => ({ path, line: rest.slice(0, END.exec(rest)?.index).trim() })),
  )
  .filter(({ line }) => (line.split(' ')[0] ?? '') in NOUNS);

describe('a command that a hint or a message names', () => {
  it('is found in the sources', () => {
    expect(commands.length).toBeGreaterThan(100);
  });

  it('carries values, never a placeholder for one', () => {
    expect(commands.filter(({ line }) => PLACEHOLDER.test(line.replace(KNOWN, '')))).toEqual([]);
  });

  it('can be typed as it stands there', async () => {
    const wrong: (Named & { why: string })[] = [];
    for (const named of commands) {
      // Where help speaks of a command by its name alone, it is not to be typed.
      const isMention = named.path.startsWith('commands/') && !/ -/.test(named.line);
      const why = await wrongWith([...words(named.line), ...(isMention ? ['--help'] : [])]);
      if (why !== undefined) wrong.push({ ...named, why });
    }
    expect(wrong).toEqual([]);
  });
});
