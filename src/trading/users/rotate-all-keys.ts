import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { type KeyFolder, keyFolder } from '../../platform/files/key-folder.ts';
import { generateApiKey, hashApiKey } from '../../platform/secrets/api-key.ts';
import { Failure, refused } from '../../util/failure.ts';
import { someOf } from '../../util/text.ts';
import { replaceKeys } from './api-keys.ts';

/** An enabled user, and the hash of the key in force. */
interface Holder {
  user_id: UserId;
  api_key: string;
}

/**
 * Gives every enabled user a new API key in a file of its own, all in one transaction. The keys are written before it, and get
 * their names after it: an interrupted run goes on, as whoever's file has the key in force keeps it. Throws FILE_EXISTS for a
 * file with another key.
 */
export async function rotateAllKeys(ctx: Context, path: string, graceUntil: Instant | null) {
  const { rows: holders } = await sql<Holder>`
    SELECT user_id, api_key FROM users WHERE enabled ORDER BY user_id`.execute(await ctx.db());
  const folder = keyFolder(path, ctx.own.uid);
  const { issued, due } = await sortOut(folder, holders, ctx.dryRun);
  const keys = due.map(({ user_id }) => ({ user_id, api_key: generateApiKey() }));
  const shownOf = (user_id: UserId, grace_ended: number | null) => ({
    user_id,
    api_key: null,
    output_file: folder.pathOf(user_id),
    grace_until: grace_ended === null ? null : graceUntil,
    grace_ended,
  });
  if (!ctx.dryRun && keys.length > 0) {
    await folder.create();
    await inTurn(keys, ({ user_id, api_key }) => folder.write(user_id, api_key));
    await folder.sync();
  }
  let replaced: UserId[] = [];
  const rows = await ctx
    .change(async (trx) => {
      const ended = await replaceKeys(
        trx,
        keys.map(({ user_id, api_key }) => ({ user_id, hash: hashApiKey(api_key) })),
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
    })
    .catch(async (error) => {
      // If the outcome of the commit is unknown, the keys may be in force: the next run finds out.
      if (!(error instanceof Failure && error.kind === 'unknown'))
        await inTurn(keys, ({ user_id }) => folder.drop(user_id));
      throw error;
    });
  if (!ctx.dryRun) {
    await inTurn(replaced, folder.keep);
    const passed = keys.filter(({ user_id }) => !replaced.includes(user_id));
    await inTurn(passed, ({ user_id }) => folder.drop(user_id));
    if (keys.length > 0) await folder.sync();
  }
  return { rows, issued: issued.size, replaced: replaced.length };
}

/** Who has the key in force in a file already, also from a run that was interrupted, and who is due a new one. */
async function sortOut(folder: KeyFolder, holders: readonly Holder[], dryRun: boolean) {
  const issued = new Set<UserId>();
  const due: Holder[] = [];
  const others: UserId[] = [];
  const isInForce = ({ api_key }: Holder, key: string | undefined) =>
    key !== undefined && hashApiKey(key) === api_key;
  for (const holder of holders) {
    const { user_id } = holder;
    const kept = await folder.kept(user_id);
    const isLeft = kept === undefined && isInForce(holder, await folder.draft(user_id));
    if (isLeft && !dryRun) await folder.keep(user_id);
    if (isLeft || isInForce(holder, kept)) issued.add(user_id);
    else if (kept === undefined) due.push(holder);
    else others.push(user_id);
  }
  if (others.length > 0)
    throw refused(
      'FILE_EXISTS',
      `${folder.path} has files with other keys than those in force, of ${someOf(others)}.`,
      'No key was replaced. Name another folder, or move these away.',
    );
  return { issued, due };
}

const AT_ONCE = 32;

/** Does something with each, several at once. */
async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE)
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}
