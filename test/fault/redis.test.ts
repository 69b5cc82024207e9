import { describe, expect, inject, it } from 'vitest';
import { type Undisturbed, undisturbed } from './judge.ts';
import { pointsOf } from './points.ts';
import type { Cut } from './proxy.ts';
import { playDay, type Scene, type Stage } from './stage.ts';

const POINTS = Number((process.env['PINNACLE_FAULT'] ?? '2').split(',')[0]);

/** What is committed in PostgreSQL before Redis hears of it. */
const PROJECTED = [
  'order accept',
  'order cancel',
  'notification send',
  'user disable',
  'user logins revoke-all',
];
/** What is in PostgreSQL only once it is in Redis. */
const TOGETHER = ['user login'];

/** A list that services push to as well, and what they pushed, newest first. */
const SHARED = 'user_notifications:u2';
const pushed: string[] = [];

/** Runs the command with a cut, and brings to Redis what it missed; says what is wrong with what came of it. */
async function judge(scene: Scene, stage: Stage, way: Undisturbed, cut: Cut): Promise<string[]> {
  const copy = await stage.copy();
  pushed.unshift(`their-${pushed.length}`);
  await stage.redis.cli('lpush', SHARED, pushed[0] ?? '');
  stage.redisProxy.arm(cut);
  const { code, stderr } = await stage.run(copy);
  stage.redisProxy.arm();
  const state = await copy.state();
  const isDone = [0, 8].includes(code) && state === way.after;
  const isTrue = isDone || (TOGETHER.includes(scene.path) && code === 7 && state === way.before);
  const drained = await stage.other(copy, 'realtime', 'drain');
  const isBrought = drained.code === 0 && (await copy.waiting()) === 0;
  const listed = (await stage.redis.cli('lrange', SHARED, '0', '-1')).split('\n');
  const others = listed.filter((id) => id.startsWith('their-'));
  await copy.close();
  const told = `${scene.text}, ${cut.side} message ${cut.message}, Redis ${cut.server}: ended ${code}`;
  return [
    ...(isTrue ? [] : [`${told}: ${stderr}`]),
    ...(isBrought ? [] : [`${told}, and then ${drained.stderr}`]),
    ...(String(others) === String(pushed) ? [] : [`${told}, and lost what others pushed: ${listed}`]),
  ];
}

describe.skipIf(!inject('serverUrl'))('a line to Redis that breaks', () => {
  it('keeps nothing from being committed, and what Redis missed is brought to it', {
    timeout: 900_000,
  }, async () => {
    const wrong: string[] = [];
    let tried = 0;
    await playDay({
      isWanted: (path) => [...PROJECTED, ...TOGETHER].includes(path),
      async watch(scene, stage) {
        stage.redisProxy.arm();
        const way = await undisturbed(scene, stage);
        for (const cut of pointsOf(stage.redisProxy.seen().messages, POINTS)) {
          wrong.push(...(await judge(scene, stage, way, cut)));
          tried++;
        }
        return false;
      },
    });
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(POINTS * TOGETHER.length);
  });
});
