import { describe, expect, inject, it } from 'vitest';
import { type Mutation, mutant } from '../model/mutant.ts';
import { judgeCut, undisturbed } from './judge.ts';
import { pointsOf } from './points.ts';
import { playDay } from './stage.ts';

/** What a harness must find, or it proves nothing. */
const MISTAKES: readonly (Mutation & { name: string; path: string })[] = [
  {
    name: 'the key is not kept',
    path: 'notification send',
    file: 'src/audit/change.ts',
    right: '    await idempotent?.claim(db);\n',
    wrong: '',
  },
  {
    name: 'what was changed meanwhile is not looked at',
    path: 'session end',
    file: 'src/trading/sessions/end-running.ts',
    right: "    .where('s.status', '=', 'ACTIVE')\n",
    wrong: '',
  },
  {
    name: 'the entry in the audit log is left out',
    path: 'order accept',
    file: 'src/audit/change.ts',
    right: 'if (outcome.audit) txid',
    wrong: 'if (outcome.audit && options.dryRun) txid',
  },
];

/** One of them, or all in the long form. */
const chosen = process.env['PINNACLE_FAULT'] ? MISTAKES : MISTAKES.slice(-1);

describe.skipIf(!inject('serverUrl'))('the fault harness', () => {
  it.each(chosen)('finds that $name', { timeout: 300_000 }, async ({ path, ...mutation }) => {
    const found: string[] = [];
    const program = await mutant(mutation);
    await playDay({
      program,
      isWanted: (each) => each === path,
      async watch(scene, stage) {
        const way = await undisturbed(scene, stage);
        found.push(...way.wrong);
        for (const cut of pointsOf(way.messages, 8)) found.push(...(await judgeCut(scene, stage, way, cut)));
        return true;
      },
    });
    expect(found.length).toBeGreaterThan(0);
  });
});
