import type { Kysely } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { chainHash, type Link } from './seal-chain.ts';
import { readLinks } from './seal-store.ts';

/** The seal of an entry and its neighbours, and whether each is valid. */
export async function inspectSeal(db: Kysely<Database>, id: string) {
  const sealed = await db
    .selectFrom('audit_seals')
    .select('seq')
    .where('audit_id', '=', id)
    .executeTakeFirst();
  if (!sealed) return { state: 'not sealed yet', seq: null, hash: null, neighbours: [] };
  // Two before it, as each hash covers the previous one.
  const links = await readLinks(db, String(BigInt(sealed.seq) - 3n), 4);
  const around = links.map((link, i) => ({
    seq: link.seq,
    id: link.audit_id,
    hash: link.hash,
    state: stateOf(link, links[i - 1]),
  }));
  const own = around.find(({ seq }) => seq === sealed.seq);
  return {
    state: own?.state ?? 'not sealed yet',
    seq: sealed.seq,
    hash: own?.hash ?? null,
    neighbours: around.filter(({ seq }) => Math.abs(Number(seq) - Number(sealed.seq)) === 1),
  };
}

function stateOf({ seq, hash, content }: Link, before: Link | undefined): string {
  if (content === null) return 'deleted';
  if (seq !== '1' && before === undefined) return 'not judged: the seal before it is missing';
  return chainHash(before?.hash ?? '', content) === hash ? 'sealed' : 'altered';
}
