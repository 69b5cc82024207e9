import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withForbiddenTable } from '../operations/access/forbidden.ts';

it('docs/security.md lists what was tried: npm run docs', () => {
  const page = readFileSync('docs/security.md', 'utf8');
  expect(page).toBe(withForbiddenTable(page));
});
