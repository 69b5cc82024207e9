import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type DatabaseKind, embedded, servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import { contents, expectHealthy, liveADay, nameOf, withoutSession } from './book.ts';

const KILLS = Number(process.env['PINNACLE_BACKUP_KILLS'] ?? 0);
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-trip-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

type Opening = DatabaseKind['open'];

/** Brings one book through all of them; the last one must be as the first, and nothing wrong with it. */
async function bringThrough(opens: Opening[]): Promise<void> {
  const all: TestDatabase[] = [];
  for (const [i, open] of opens.entries()) all.push(await withoutSession(await open(i === 0 ? 4 : 0)));
  const [first, last] = [all[0], all.at(-1)] as [TestDatabase, TestDatabase];
  await liveADay(first);
  for (const [i, db] of all.entries()) {
    if (i > 0) await db.json('backup', 'restore', path(`${opens.length}-${i - 1}`));
    if (db !== last) await db.json('backup', 'create', '--output', path(`${opens.length}-${i}`));
  }
  expect(await contents(last)).toEqual(await contents(first));
  await expectHealthy(last);
  for (const db of all) await db.close();
}

describe.each(servers)('from a $name', ({ open }) => {
  const inFolder = embedded.open;
  it('into the embedded database and back', { timeout: 180_000 }, () => bringThrough([open, inFolder, open]));
  it.runIf(KILLS)('the other way round', { timeout: 180_000 }, () =>
    bringThrough([inFolder, open, inFolder, inFolder]),
  );
});

describe('a restore of the embedded database', () => {
  it.runIf(KILLS)(
    `killed ${KILLS} times leaves what it was, or all of the backup`,
    { timeout: 600_000 },
    async () => {
      const db = await embedded.open();
      await liveADay(db);
      const before = await contents(db);
      await db.json('backup', 'create', '--output', path('embedded'));
      await db.query("UPDATE strategies SET name = 'changed since'");
      const changed = await contents(db);
      const argv = ['backup', 'restore', path('embedded'), '--confirm', nameOf(db)];
      for (let round = 0; round < KILLS; round++) {
        const running = start(db.env, ...argv);
        setTimeout(() => running.child.kill('SIGKILL'), 500 + 4_000 * Math.random()).unref();
        const { code } = await running.ended;
        const now = await contents(db);
        const complete = code === 0 || now['strategies'] === before['strategies'];
        expect(now).toEqual(complete ? before : changed);
        if (complete) await db.query("UPDATE strategies SET name = 'changed since'");
      }
      await db.close();
    },
  );
});
