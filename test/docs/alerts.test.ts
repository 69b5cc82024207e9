import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { databases } from '../helpers/databases.ts';
import { giveRing } from '../helpers/ring.ts';
import { words } from '../helpers/words.ts';

const page = readFileSync('docs/alerts.md', 'utf8');
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

it.each(databases)(
  'every command of docs/alerts.md works on $name',
  { timeout: 120_000 },
  async ({ open }) => {
    const [, block = ''] = /<!-- run -->\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const lines = block.split('\n').filter(Boolean);
    expect(lines.length).toBeGreaterThan(5);
    const db = await open();
    try {
      await giveRing(db);
      for (const line of lines) {
        // What is before a pipe makes the secret.
        const argv = words(line.replace(/^.*\| /, '')).slice(1);
        const { code, stderr } = await db.cliWith({ stdin: SECRET }, ...argv);
        expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
      }
    } finally {
      await db.close();
    }
  },
);
