import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Kysely } from 'kysely';
import { instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { appendAnchor, readAnchor } from './anchor-file.ts';
import { keyMap, loadSigningKey, readCheckpoint, signatureProblem, signCheckpoint } from './checkpoint.ts';
import { checkpointsOf, lastSeal, readCheckpoints } from './seal-store.ts';

/**
 * Signs the end of the chain, unless it is already signed. The checkpoint is written to the database first: its COMMIT
 * also makes the seals durable, which the anchor must never be ahead of. Returns what was done.
 */
export async function addCheckpoint(
  db: Kysely<Database>,
  keyFile: string,
  anchorFile: string | undefined,
  { own, now }: { own: { uid: number | undefined }; now: () => Date },
): Promise<string> {
  const key = await loadSigningKey(keyFile, own.uid);
  const { seq, audit_id, hash, cluster } = await lastSeal(db);
  if (seq === null || audit_id === null || hash === null || cluster === null) return 'nothing to sign';
  const trusted = keyMap([createPublicKey(key)]);
  const known = (await checkpointsOf(db, seq)).some((each) => !signatureProblem(each, trusted));
  const signed = signCheckpoint(key, { seq, audit_id, hash, cluster, at: instant(now()) });
  const added = known
    ? undefined
    : await db
        .insertInto('audit_checkpoints')
        .values({ seq, ...signed })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
  if (anchorFile) await catchUp(db, anchorFile, trusted);
  return added?.numInsertedOrUpdatedRows ? 'signed' : 'signed before';
}

/**
 * Appends the checkpoints of this key that the anchor file lacks, including those of an earlier failure. Whoever may seal
 * can store one with any signature: those stay where they are.
 */
async function catchUp(
  db: Kysely<Database>,
  path: string,
  trusted: ReadonlyMap<string, KeyObject>,
): Promise<void> {
  const anchored = (await readAnchor(path)).map(({ signed }) => signed && readCheckpoint(signed)?.seq);
  const last = anchored.reduce((most, seq) => (BigInt(seq ?? 0) > most ? BigInt(seq ?? 0) : most), 0n);
  const later = await readCheckpoints(db, String(last));
  await appendAnchor(
    path,
    later.filter((each) => !signatureProblem(each, trusted)),
  );
}
