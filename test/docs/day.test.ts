import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { databases } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { giveRing } from '../helpers/ring.ts';
import { words } from '../helpers/words.ts';

const page = readFileSync('docs/day.md', 'utf8');
const lines = [...page.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line.startsWith('pinnacle ')),
);

describe.each(databases)('the day of docs/day.md on $name', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-day-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('works as it stands', { timeout: 180_000 }, async () => {
    expect(lines.length).toBeGreaterThan(15);
    const db = await open();
    try {
      await giveRing(db);
      await given.strategy(db, 's');
      for (const user of ['trader_001', 'trader_002']) {
        await given.user(db, user);
        await db.json(...words(`strategy activate s --user ${user}`));
        await given.position(db, { user, price: 100 });
      }
      const secrets = 'user_id,broker_api_key,broker_secret\ntrader_001,a,1234\ntrader_002,b,5678\n';
      writeFileSync(join(folder, 'credentials.csv'), secrets, { mode: 0o600 });
      for (const line of lines) {
        const argv = words(line.replace(' || true', '')).slice(1);
        const { code, stderr } = await db.cliWith({ cwd: folder }, ...argv);
        const codes = line.endsWith(' || true') ? [0, 6] : [0];
        expect({ line, known: codes.includes(code), stderr: codes.includes(code) ? '' : stderr }).toEqual({
          line,
          known: true,
          stderr: '',
        });
      }
    } finally {
      await db.close();
    }
  });
});
