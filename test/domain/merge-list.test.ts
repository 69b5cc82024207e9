import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LISTED_IDS, mergeList } from '../../src/domain/merge-list.ts';

const isOwn = (id: string) => id.startsWith('n');
const merge = (held: readonly string[], due: readonly string[]) => mergeList(held, due, isOwn);

/** `n9 … n0` of so many. */
const newest = (count: number, from = count) => Array.from({ length: count }, (_, i) => `n${from - 1 - i}`);

/** What Redis makes of a list by these steps. */
function performed(held: readonly string[], { steps }: ReturnType<typeof merge>): string[] {
  const list = held.filter((id) => !steps.remove.includes(id));
  for (const id of steps.front) list.unshift(id);
  for (const { id, pivot } of steps.behind)
    if (list.includes(pivot)) list.splice(list.indexOf(pivot) + 1, 0, id);
  return [...list, ...steps.back];
}

describe('a list that others write to, too,', () => {
  it.each([
    ['is what is due, where nobody else writes', ['n1', 'n0'], newest(3), newest(3)],
    [
      'has new ones in front, as others push theirs',
      ['f1', 'n0', 'f0'],
      ['n1', 'n0'],
      ['n1', 'f1', 'n0', 'f0'],
    ],
    ['loses ours that are gone', ['f1', 'n7', 'n0', 'f0'], ['n0'], ['f1', 'n0', 'f0']],
    ['keeps what others put there, where nothing is due', ['f1', 'n0', 'f0'], [], ['f1', 'f0']],
    ['is put in order', ['n0', 'f0', 'n1'], ['n1', 'n0'], ['n1', 'n0', 'f0']],
    ['has each of ours once', ['n1', 'f0', 'n1', 'n0'], ['n1', 'n0'], ['n1', 'f0', 'n0']],
    ['may have one of others twice', ['f0', 'f0', 'n0'], ['n0'], ['f0', 'f0', 'n0']],
    ['gets back what was lost in the middle', ['n2', 'f0', 'n0'], newest(3), ['n2', 'n1', 'f0', 'n0']],
    ['gets back the end, where it is ours alone', ['n2'], newest(3), newest(3)],
    ['does not get back what others cut off', ['n2', 'f0'], newest(3), ['n2', 'f0']],
    ['is made anew behind nothing', ['f0'], newest(3), [...newest(3), 'f0']],
  ])('%s', (_what, held, due, expected) => {
    expect(merge(held, due).members).toEqual(expected);
  });

  it('has ours in the first hundred places only, and others wherever they are', () => {
    const others = Array.from({ length: 150 }, (_, i) => `f${i}`);
    const held = [...newest(60), ...others];
    const due = newest(70, 70);
    expect(merge(held, due).members).toEqual([...due, ...others]);
    const late = [...others, ...newest(60)];
    expect(merge(late, newest(60)).members).toEqual(others);
    expect(merge(newest(100), newest(100, 101)).members).toEqual(newest(100, 101));
  });

  it('that others have filled gets what is fresh, and of the rest what there is room for', () => {
    const others = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);
    expect(merge(others(100), newest(50)).members).toEqual(others(100));
    expect(merge(others(98), newest(50)).members).toEqual(['n49', 'n48', ...others(98)]);
    expect(mergeList(others(100), newest(50), isOwn, ['n49']).members).toEqual(['n49', ...others(100)]);
  });

  it('keeps the others in their order, has ours in theirs, and is at rest after one step', () => {
    const id = fc.oneof(
      fc.integer({ min: 0, max: 130 }).map((i) => `n${i}`),
      fc.integer({ min: 0, max: 130 }).map((i) => `f${i}`),
    );
    const lists = fc.tuple(
      fc.array(id, { maxLength: 160 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 130 }), { maxLength: MAX_LISTED_IDS }),
    );
    fc.assert(
      fc.property(lists, ([held, numbers]) => {
        // Now and then nothing of ours is left.
        const due = numbers.length % 3 === 0 ? ['n999'] : numbers.sort((a, b) => b - a).map((i) => `n${i}`);
        const done = merge(held, due);
        const { members } = done;
        const others = held.filter((each) => !isOwn(each));
        const ours = members.filter(isOwn);
        expect(performed(held, done)).toEqual(members);
        expect(members.filter((each) => !isOwn(each))).toEqual(others);
        expect(ours).toEqual(due.filter((each) => ours.includes(each)));
        expect(due.slice(0, ours.length)).toEqual(ours);
        if (others.length === 0) expect(members).toEqual(due);
        else if (!held.some((each) => due.includes(each)))
          expect(ours).toEqual(due.slice(0, Math.max(0, MAX_LISTED_IDS - others.length)));
        expect(members.slice(MAX_LISTED_IDS).some(isOwn)).toBe(false);
        const again = merge(members, due);
        expect(again.members).toEqual(members);
        expect(Object.values(again.steps).flat()).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
