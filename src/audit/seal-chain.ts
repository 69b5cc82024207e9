import { hash as digest } from 'node:crypto';

/** A seal and the hashed content of its entry, if the entry still exists. */
export interface Link {
  seq: string;
  audit_id: string;
  txid: string;
  cluster: string;
  hash: string;
  /** `["id", "txid", "at", "actor", "command", "target", "body"]`, as PostgreSQL writes a JSON array. */
  content: string | null;
}

/** A violation of the chain. `id` is the id of an audit entry. */
export interface AuditViolation {
  problem:
    | 'altered'
    | 'deleted'
    | 'inserted'
    | 'swapped'
    | 'reordered'
    | 'seal altered'
    | 'seal missing'
    | 'tail cut'
    | 'checkpoint';
  id: string | null;
  seq: string | null;
  detail: string;
}

/** The hash of an entry in the chain: SHA-256 in hex of the hash before it ('' for the first) and its content. */
export function chainHash(before: string, content: string): string {
  return digest('sha256', before + content);
}

interface ChainViolation {
  content: string;
  before: string;
  hash: string;
  offender: AuditViolation;
}

/**
 * Verifies the chain from its first seal. After a break, verification continues from the stored hash, so that one
 * alteration does not invalidate all later entries.
 */
export function walkChain() {
  const offenders: AuditViolation[] = [];
  const broken: ChainViolation[] = [];
  let last: Link | undefined;
  // The correct hash of the last link, if the stored one differs.
  let recomputed: string | undefined;

  function judge(link: Link, content: string, before: string): void {
    if (recomputed !== undefined && chainHash(recomputed, content) === link.hash) {
      // The previous entry is unaltered, as its successor proves: only its stored hash was changed.
      const blamed = broken.pop()?.offender;
      if (blamed) Object.assign(blamed, { problem: 'seal altered', detail: 'its stored hash was changed' });
      return;
    }
    const offender = violation(link, 'altered', 'it is not what was sealed');
    broken.push({ content, before, hash: link.hash, offender });
    offenders.push(offender);
  }

  return {
    /** The last link so far. */
    get last() {
      return last;
    },
    /** Takes the next link in the order of seq. */
    step(link: Link): void {
      const before = last?.hash ?? '';
      const gap = isGap(last, link);
      if (gap) offenders.push(missingSeals(last, link));
      if (last && !isBehind(link, last))
        offenders.push(violation(link, 'reordered', 'sealed behind an entry that was written after it'));
      const expected = link.content === null ? undefined : chainHash(before, link.content);
      // After a gap the previous hash is unknown, so this one cannot be verified.
      const whole = expected === link.hash || gap;
      if (link.content === null)
        offenders.push(violation(link, 'deleted', 'it was sealed, and is not there any more'));
      else if (!whole) judge(link, link.content, before);
      recomputed = whole ? undefined : expected;
      last = link;
    },
    /** Everything found, entries that changed places named as such. */
    offenders(): AuditViolation[] {
      detectSwaps(broken);
      return offenders;
    },
  };
}

const violation = (link: Link, problem: AuditViolation['problem'], detail: string): AuditViolation => ({
  problem,
  id: link.audit_id,
  seq: link.seq,
  detail,
});

const isGap = (before: Link | undefined, link: Link) => Number(link.seq) !== Number(before?.seq ?? 0) + 1;

function missingSeals(last: Link | undefined, link: Link): AuditViolation {
  const from = Number(last?.seq ?? 0) + 1;
  const to = Number(link.seq) - 1;
  const detail =
    from === to ? 'a seal is missing, and what it sealed' : `the seals ${from} to ${to} are missing`;
  return { problem: 'seal missing', id: null, seq: String(from), detail };
}

/** Whether a link may follow another: in the order of (txid, id), which is valid within one cluster. */
function isBehind(link: Link, before: Link): boolean {
  if (link.cluster !== before.cluster) return true;
  const txid = BigInt(link.txid);
  const txidBefore = BigInt(before.txid);
  return txid === txidBefore ? BigInt(link.audit_id) > BigInt(before.audit_id) : txid > txidBefore;
}

/** More altered entries than this are not compared with each other. */
const MAX_COMPARED_ENTRIES = 200;

/** Finds altered entries whose content matches the seal of another altered entry. */
function detectSwaps(broken: readonly ChainViolation[]): void {
  if (broken.length > MAX_COMPARED_ENTRIES) return;
  const entries = broken.map((each) => ({ ...each, fields: JSON.parse(each.content) as string[] }));
  for (const { fields, before, hash, offender } of entries)
    for (const other of entries) {
      const [id = '', ...rest] = fields;
      const versions = [
        other.fields,
        [id, ...other.fields.slice(1)],
        [id, ...rest.slice(0, -1), other.fields.at(-1)],
      ];
      const fits = versions.some((version) => chainHash(before, contentOf(version)) === hash);
      if (other.offender === offender || !fits) continue;
      offender.problem = 'swapped';
      offender.detail = `it stands where entry ${other.fields[0]} was sealed, or has its content`;
    }
}

const contentOf = (fields: readonly unknown[]) =>
  `[${fields.map((field) => JSON.stringify(field)).join(', ')}]`;
