import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** What stands in help for a thing that a hint knows by its id. */
const KNOWN =
  'USER|ORDER|STRATEGY|SESSION|POSITION|FILL|SYMBOL|KEY|FIELD|NOTIFICATION|HALT|LOGIN|PHASE|PROFILE|RULE';

it('a hint prints a command with its ids, never with a placeholder for one', () => {
  const found = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => {
      const text = readFileSync(join('src', path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      const commands = text.match(/pinnacle [a-z][^'`"\n]*/g) ?? [];
      return commands
        .filter((line) => new RegExp(`\\b(${KNOWN})\\b`).test(line))
        .map((line) => `${path}: ${line}`);
    });
  expect(found).toEqual([]);
});
