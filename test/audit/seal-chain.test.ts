import { describe, expect, it } from 'vitest';
import { chainHash, type Link, walkChain } from '../../src/audit/seal-chain.ts';

const contentOf = (id: number, target = `order o${id}`) =>
  JSON.stringify([String(id), '7', '2026-01-30', 'trading', 'order place', target, '{}']).replaceAll(
    '","',
    '", "',
  );

/** A chain of so many entries, whole. */
function chainOf(length: number): Link[] {
  const links: Link[] = [];
  for (let id = 1; id <= length; id++) {
    const content = contentOf(id);
    const hash = chainHash(links.at(-1)?.hash ?? '', content);
    links.push({ seq: String(id), audit_id: String(id), txid: '7', cluster: 'c', hash, content });
  }
  return links;
}

function found(links: readonly Link[]) {
  const walk = walkChain();
  for (const link of links) walk.step(link);
  return walk.offenders().map(({ problem, id, seq }) => ({ problem, id, seq }));
}

const altered = (links: readonly Link[], at: number, change: Partial<Link>) =>
  links.map((link, i) => (i === at ? { ...link, ...change } : link));

describe('the chain of seals', () => {
  const links = chainOf(5);

  it('is whole as it was written', () => {
    expect(found(links)).toEqual([]);
    expect(found([])).toEqual([]);
  });

  it.each([
    ['an altered entry', altered(links, 2, { content: contentOf(3, 'order x') }), [['altered', '3', '3']]],
    ['a deleted entry', altered(links, 2, { content: null }), [['deleted', '3', '3']]],
    ['an altered hash', altered(links, 2, { hash: 'f'.repeat(64) }), [['seal altered', '3', '3']]],
    ['a missing seal', links.filter((_link, i) => i !== 2), [['seal missing', null, '3']]],
    ['a missing first seal', links.slice(1), [['seal missing', null, '1']]],
    ['two missing seals', links.filter((_link, i) => i !== 1 && i !== 2), [['seal missing', null, '2']]],
    [
      'two entries with their contents swapped',
      altered(altered(links, 1, { content: contentOf(3) }), 2, { content: contentOf(2) }),
      [
        ['swapped', '2', '2'],
        ['swapped', '3', '3'],
      ],
    ],
  ] as [string, Link[], [string, string | null, string][]][])('names %s', (_what, chain, expected) => {
    expect(found(chain)).toEqual(expected.map(([problem, id, seq]) => ({ problem, id, seq })));
  });

  it('blames only what was altered, not what follows', () => {
    const both = altered(altered(chainOf(9), 1, { content: contentOf(2, 'a') }), 6, {
      content: contentOf(7, 'b'),
    });
    expect(found(both).map(({ id }) => id)).toEqual(['2', '7']);
  });

  it('names an entry sealed behind a later one', () => {
    const [first, second] = chainOf(2) as [Link, Link];
    const late = { ...second, txid: '6' };
    expect(found([first, late])).toEqual([{ problem: 'reordered', id: '2', seq: '2' }]);
  });
});
