import { describe, expect, inject, it } from 'vitest';
import { judgeCut, judgeKill, undisturbed } from './judge.ts';
import { goesToPostgres, pointsOf } from './points.ts';
import { playDay } from './stage.ts';

// `npm run fault` cuts every write at sixty points and kills six processes of it.
const [CUTS, KILLS, SKIP] = (process.env['PINNACLE_FAULT'] ?? '4,1,24').split(',').map(Number) as [
  number,
  number,
  number,
];

describe.skipIf(!inject('serverUrl'))('a line to PostgreSQL that breaks, a process that is killed', () => {
  it('leave every write done once or not at all, and its exit code says which', {
    timeout: 3_600_000,
  }, async () => {
    const wrong: string[] = [];
    let [scenes, cuts, kills] = [0, 0, 0];
    await playDay({
      isWanted: (path) => goesToPostgres(path) && scenes++ % SKIP === 0,
      async watch(scene, stage) {
        const way = await undisturbed(scene, stage);
        wrong.push(...way.wrong);
        for (const cut of pointsOf(way.messages, CUTS)) {
          await stage.redis.cli('FLUSHALL');
          wrong.push(...(await judgeCut(scene, stage, way, cut)));
          cuts++;
        }
        for (const cut of pointsOf(way.messages, KILLS)) {
          wrong.push(...(await judgeKill(scene, stage, way, { ...cut, server: 'away' })));
          kills++;
        }
        return false;
      },
    });
    process.stdout.write(
      `${cuts} cuts and ${kills} kills in ${Math.ceil(scenes / SKIP)} writes: ${wrong.length} violations\n`,
    );
    expect(wrong).toEqual([]);
    expect(cuts).toBeGreaterThan(scenes / SKIP);
  });
});
