import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { usage } from '../util/failure.ts';
import { type AnchorLine, readAnchor } from './anchor-file.ts';
import {
  type Checkpoint,
  keyMap,
  loadPublicKeys,
  loadSigningKey,
  readCheckpoint,
  type Signed,
  signatureProblem,
} from './checkpoint.ts';
import { type AuditViolation, type Link, walkChain } from './seal-chain.ts';
import { readCheckpoints, readCluster, readInserted, readLinks, readUnsealed } from './seal-store.ts';

const BATCH_ROWS = 5_000;
const SEALING_LATE_MS = 15 * 60_000;

/** The files that a verification reads in addition to the database. */
interface Sources {
  anchor: string | undefined;
  publicKey: string | undefined;
  signingKey: string | undefined;
  uid: number | undefined;
}

/** Verifies one snapshot of the log, and compares the checkpoints with it. */
export async function verifyLog(db: Kysely<Database>, sources: Sources, progress: (entries: number) => void) {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => checkLog(trx, sources, progress));
}

/** The same within a transaction, whose snapshot it reads. */
export async function checkLog(trx: Kysely<Database>, sources: Sources, progress: (entries: number) => void) {
  const keys = await trustedKeys(sources);
  const anchored = sources.anchor === undefined ? [] : await anchorOf(sources.anchor);
  const stored = await readCheckpoints(trx, '0');
  const { checkpoints, offenders, unproven } = classify(stored, anchored, keys);
  const walk = walkChain();
  let entries = 0;
  // A worker for each batch would take longer to start than the batch does.
  await sql`SET LOCAL max_parallel_workers_per_gather = 0`.execute(trx);
  let links = await readLinks(trx, '0', BATCH_ROWS);
  while (links.length > 0) {
    // The server reads the next batch while this one is hashed.
    const next = readLinks(trx, links.at(-1)?.seq ?? '', BATCH_ROWS);
    for (const link of links) {
      walk.step(link);
      offenders.push(...contradicted(checkpoints.get(link.seq) ?? [], link));
      checkpoints.delete(link.seq);
    }
    entries += links.length;
    progress(entries);
    links = await next;
  }
  const { last } = walk;
  const moved = last !== undefined && last.cluster !== (await readCluster(trx));
  const unsealed = await readUnsealed(trx);
  const inserted = last && !moved ? await readInserted(trx, last) : [];
  return {
    entries,
    unsealed: unsealed.count,
    unsealedSince: unsealed.ageMs > SEALING_LATE_MS ? unsealed.since : null,
    unproven,
    checkpoints: new Set([...stored, ...anchored.map(({ signed }) => signed)].map((each) => each?.body)).size,
    signatures: keys ? 'checked' : 'not checked: no public key',
    cluster: moved ? 'another' : 'the same',
    offenders: [
      ...walk.offenders(),
      ...inserted.map(({ id }) => insertedLater(id)),
      ...offenders,
      ...[...checkpoints.values()].flat().map((checkpoint) => cut(checkpoint, last)),
    ],
  };
}

/** The keys that checkpoints must be signed with; undefined if none is known. */
async function trustedKeys({ publicKey, signingKey, uid }: Sources) {
  if (publicKey !== undefined) return loadPublicKeys(publicKey);
  if (signingKey === undefined) return undefined;
  return keyMap([createPublicKey(await loadSigningKey(signingKey, uid))]);
}

async function anchorOf(path: string): Promise<AnchorLine[]> {
  const lines = await readAnchor(path);
  if (lines.length === 0)
    throw usage(
      `There is no checkpoint in the anchor file ${path}.`,
      'It is written by: pinnacle audit seal',
    );
  return lines;
}

/**
 * The valid checkpoints, by their seal, and the invalid ones. Where keys are known, a row of the database without a valid
 * signature is no offender but unproven: whoever may seal can store one, it says nothing, and one that was spoilt is
 * missed like one that was deleted, by the anchor.
 */
function classify(
  stored: readonly Signed[],
  anchored: readonly AnchorLine[],
  keys: ReadonlyMap<string, KeyObject> | undefined,
) {
  const doubts = stored.map((signed) => keys && (signatureProblem(signed, keys) ?? unreadable(signed)));
  const unproven = stored.flatMap((signed, i) =>
    doubts[i] ? `a checkpoint of seal ${readCheckpoint(signed)?.seq ?? 'unknown'}: ${doubts[i]}` : [],
  );
  const proven = stored.filter((_, i) => !doubts[i]);
  const offenders: AuditViolation[] = [];
  const checkpoints = new Map<string, Checkpoint[]>();
  const seen = new Set<string>();
  const kept = new Set(proven.map(({ body }) => body));
  const sources = [
    ...proven.map((signed) => ({ signed, where: 'in the database' })),
    ...anchored.map(({ line, signed }) => ({ signed, where: `in line ${line} of the anchor` })),
  ];
  for (const { signed, where } of sources) {
    const checkpoint = signed && readCheckpoint(signed);
    const problem = !checkpoint ? UNREADABLE : keys && signatureProblem(signed, keys);
    if (problem) offenders.push(violationFor('checkpoint', checkpoint, `${where}: ${problem}`));
    else if (checkpoint && signed && !seen.has(signed.body)) {
      seen.add(signed.body);
      // The checkpoint is written to the database before the anchor.
      if (!kept.has(signed.body))
        offenders.push(violationFor('checkpoint', checkpoint, `${where}, but not in the database any more`));
      checkpoints.set(checkpoint.seq, [...(checkpoints.get(checkpoint.seq) ?? []), checkpoint]);
    }
  }
  return { checkpoints, offenders, unproven };
}

const UNREADABLE = 'it cannot be read';
const unreadable = (signed: Signed) => (readCheckpoint(signed) ? undefined : UNREADABLE);

function contradicted(checkpoints: readonly Checkpoint[], { hash, audit_id }: Link): AuditViolation[] {
  return checkpoints
    .filter((checkpoint) => checkpoint.hash !== hash || checkpoint.audit_id !== audit_id)
    .map((checkpoint) =>
      violationFor(
        'checkpoint',
        checkpoint,
        `the chain has another hash here than was signed at ${checkpoint.at}`,
      ),
    );
}

const cut = (checkpoint: Checkpoint, last: Link | undefined) =>
  violationFor(
    'tail cut',
    checkpoint,
    last && BigInt(last.seq) > BigInt(checkpoint.seq)
      ? `signed at ${checkpoint.at}, and the seal is not there any more`
      : `signed at ${checkpoint.at}, but the chain ends at ${last?.seq ?? 'nothing'}`,
  );

const insertedLater = (id: string): AuditViolation => ({
  problem: 'inserted',
  id,
  seq: null,
  detail: 'it has no seal, and no transaction can have written it where it stands',
});

const violationFor = (
  problem: AuditViolation['problem'],
  checkpoint: Checkpoint | undefined,
  detail: string,
): AuditViolation => ({
  problem,
  id: checkpoint?.audit_id ?? null,
  seq: checkpoint?.seq ?? null,
  detail,
});
