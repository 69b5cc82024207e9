import { type Kysely, sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { type Draft, type KeyFolder, openKeyFolder } from '../../platform/files/key-folder.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { generateApiKey, hashApiKey } from '../../platform/secrets/api-key.ts';
import { Failure, refused } from '../../util/failure.ts';
import { someOf } from '../../util/text.ts';
import { replaceKeys } from './api-keys.ts';
import { lockUsers } from './store.ts';

/** An enabled user, and the hash of the key in force. */
interface Holder {
  user_id: UserId;
  api_key: string;
}

/**
 * Gives every enabled user a new API key in a file of its own, all in one transaction. The keys are on the disk before it, and get
 * their names after it: an interrupted run goes on, as whoever's file has the key in force keeps it. Of two runs at once one
 * replaces keys. Throws FILE_EXISTS for a file with another key, and KEYS_CHANGED (exit 10) where another run came first.
 */
export async function rotateAllKeys(ctx: Context, path: string, graceUntil: Instant | null) {
  const { rows: holders } = await sql<Holder>`
    SELECT user_id, api_key FROM users WHERE enabled ORDER BY user_id`.execute(await ctx.db());
  const folder = await openKeyFolder(path, ctx.own.uid);
  const { issued, due, old, others } = await sortOut(folder, holders, ctx.dryRun);
  if (others.length > 0) {
    await refuseOvertaken(await ctx.db(), holders);
    throw refused(
      'FILE_EXISTS',
      `${folder.path} has files with other keys than those in force, of ${someOf(others)}.`,
      'No key was replaced. Name another folder, or move these away.',
    );
  }
  const keys = due.map((holder) => ({ ...holder, key: generateApiKey() }));
  const shownOf = (user_id: UserId, grace_ended: number | null) => ({
    user_id,
    api_key: null,
    output_file: folder.pathOf(user_id),
    grace_until: grace_ended === null ? null : graceUntil,
    grace_ended,
  });
  const drafts = new Map<UserId, Draft>();
  let replaced: UserId[] = [];
  let isCommitted = false;
  try {
    if (!ctx.dryRun && keys.length > 0) {
      await folder.create();
      await inTurn(keys, async ({ user_id, key }) => {
        drafts.set(user_id, await folder.write(user_id, key));
      });
      await folder.sync();
    }
    const rows = await ctx.change(async (trx) => {
      await lockUsers(
        trx,
        due.map(({ user_id }) => user_id),
      );
      await refuseOvertaken(trx.db, due);
      const ended = await replaceKeys(
        trx,
        keys.map(({ user_id, key }) => ({ user_id, hash: hashApiKey(key) })),
        { now: instant(ctx.now()), graceUntil },
      );
      replaced = [...ended.keys()];
      if (graceUntil === null) trx.touch('logout', replaced);
      await writeAudits(
        trx.db,
        ctx.origin,
        replaced.map((user) => ({
          target: auditTarget('user', user),
          body: { api_key: 'replaced', grace_until: graceUntil, grace_ended: ended.get(user) },
        })),
      );
      const shown = holders.flatMap(({ user_id }) => {
        const count = ended.get(user_id);
        return count === undefined && !issued.has(user_id) ? [] : [shownOf(user_id, count ?? null)];
      });
      const body = { replaced: replaced.length, user_ids: firstListed(replaced) };
      return changedIf(replaced.length > 0, shown, 'users', body);
    });
    isCommitted = true;
    if (!ctx.dryRun) {
      const inForce = new Set(replaced);
      await inTurn([...drafts], ([user, draft]) =>
        inForce.has(user) ? folder.keep(user, draft) : folder.drop([draft]),
      );
      // No run that began before can put them in force any more.
      await folder.drop(old);
      if (drafts.size + old.length > 0) await folder.sync();
    }
    return { rows, issued: issued.size, replaced: replaced.length };
  } catch (error) {
    // What was committed, or may have been, is found by the next run.
    const mayBeInForce = isCommitted || (error instanceof Failure && error.kind === 'unknown');
    if (!mayBeInForce) await folder.drop([...drafts.values()]);
    throw error;
  }
}

/** Throws KEYS_CHANGED where the key of a user is no longer that which was read. */
async function refuseOvertaken(db: Kysely<Database>, read: readonly Holder[]): Promise<void> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT u.user_id FROM users u JOIN ${unnest('s', { user_id: 'text', api_key: 'text' }, read)} ON s.user_id = u.user_id
    WHERE s.api_key <> u.api_key ORDER BY u.user_id`.execute(db);
  if (rows.length === 0) return;
  const names = someOf(rows.map(({ user_id }) => user_id));
  throw new Failure('busy', 'KEYS_CHANGED', `Another command replaced keys meanwhile: of ${names}.`, {
    hint: 'No key was replaced by this one. Run it again.',
    retryable: true,
  });
}

/**
 * Who has the key in force in a file already, also from a run that was interrupted, and who is due a new one; and what earlier
 * runs left that is not in force.
 */
async function sortOut(folder: KeyFolder, holders: readonly Holder[], dryRun: boolean) {
  const issued = new Set<UserId>();
  const due: Holder[] = [];
  const others: UserId[] = [];
  const old: Draft[] = [];
  for (const holder of holders) {
    const { user_id, api_key } = holder;
    // In this order: another run may give a draft its file meanwhile.
    const drafts = await folder.drafts(user_id);
    const kept = await folder.kept(user_id);
    const left = drafts.find(({ secret }) => hashApiKey(secret) === api_key);
    const isIssued = kept !== undefined && hashApiKey(kept) === api_key;
    if (kept === undefined && left && !dryRun) await folder.keep(user_id, left);
    if (isIssued || (kept === undefined && left)) issued.add(user_id);
    else if (kept === undefined) due.push(holder);
    else others.push(user_id);
    old.push(...drafts.filter((draft) => isIssued || draft !== left));
  }
  return { issued, due, old, others };
}

const AT_ONCE = 32;

/** Does something with each, several at once. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE)
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}
