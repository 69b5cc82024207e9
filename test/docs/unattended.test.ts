import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { servers } from '../helpers/databases.ts';
import { shell } from '../helpers/process.ts';
import { words } from '../helpers/words.ts';

const page = readFileSync('docs/unattended.md', 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  );

// A `pinnacle` on the PATH, as a cron job finds one.
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-recipes-'));
writeFileSync(
  join(folder, 'pinnacle'),
  `#!/bin/sh\nexec "${process.execPath}" "${resolve('bin/pinnacle.js')}" "$@"\n`,
);
chmodSync(join(folder, 'pinnacle'), 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(servers)('the recipes of docs/unattended.md on $name', ({ open }) => {
  it('work as they stand', async () => {
    const db = await open(0);
    const env = { ...db.env, PATH: `${folder}:${process.env['PATH']}` };
    const run = async (script: string) => {
      const { code, stderr } = await shell(env, `cd ${folder}\n${script}`);
      expect({ script, code, stderr: code === 0 ? '' : stderr }).toEqual({ script, code: 0, stderr: '' });
    };
    try {
      const [order = '', crontab = '', mark = '', systemd = '', pipeline = ''] = blocks('sh');
      await run(pipeline);
      await run(crontab);
      await run(systemd);
      for (const line of [
        'user add --user-id trader_001 --name Asha --email asha@example.com --capital 1000000 --json',
        'order place --order-id o1 --user trader_001 --symbol TCS --side BUY --type MARKET --quantity 1',
        'order fill o1 --quantity 1 --price 4000',
      ])
        expect((await db.cli(...words(line))).code).toBe(0);
      await run(mark);
      expect(readFileSync(join(folder, 'pinnacle-jobs.log'), 'utf8')).toContain('"level":"end"');
      await run(order);
      await run(order);
      const { rows } = await db.query('SELECT count(*)::int AS n FROM orders');
      expect(rows).toEqual([{ n: 2 }]);
      const steps = [...String(blocks('yaml')).matchAll(/- run: (pinnacle .*)/g)].map(
        ([, step = '']) => step,
      );
      expect(steps).toHaveLength(4);
      for (const step of steps) await run(step);
    } finally {
      await db.close();
    }
  }, 120_000);
});
