import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { defineCommand } from '../../cli/command.ts';
import { inputFile, text } from '../../cli/flags.ts';
import { csvHeader, csvLines } from '../../cli/render-csv.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import type { BadLine } from '../../platform/files/rejects-file.ts';
import { generateApiKey, hashApiKey } from '../../platform/secrets/api-key.ts';
import { addUsers } from '../../trading/users/add-user.ts';
import { outputFailure } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';
import { pluralize } from '../../util/text.ts';
import { importFlags, importSmall, repeated } from '../_shared/import-rows.ts';
import { parseUser, USER_FILE, type UserRow } from './import-row.ts';

export const importUsers = defineCommand({
  effect: 'write',
  entries: 'each',
  phase: 1,
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: {
    keys: text('FILE', 'write the API keys to this new CSV file, which only you can read', 4_096),
    ...importFlags,
  },
  fields: {
    imported: { type: 'integer' },
    rejected: { type: 'integer' },
    rejects_file: { type: 'text' },
    keys_file: { type: 'text' },
  },
  answer: ({ imported, keys_file }) => ({
    done: `Imported ${pluralize(Number(imported), 'user')}${keys_file === null ? '' : `; their API keys are in ${keys_file}, the only copy`}`,
    next: ['user', 'list'],
  }),
  examples: [
    'user import traders.csv --keys keys.csv',
    'user import traders.csv --keys keys.csv --keep-going',
  ],
  details: `Columns: ${USER_FILE.required.join(',')}[,${USER_FILE.optional.join(',')}], by the rules of user add. Every user gets an API
key. The file of --keys (user_id,api_key) is its only copy; the database stores its SHA-256. The import is atomic unless
--keep-going is given. Ends 6 if lines were rejected.`,
  async run({ keys, ...input }, ctx: Context) {
    const secrets = depositOf(resolve(ctx.cwd, keys), ctx.dryRun);
    return importSmall(ctx, input, {
      columns: USER_FILE,
      read: parseUser,
      refuse: refuseUsers,
      write: (trx, rows) => writeUsers(trx, rows, secrets.put, ctx),
      undo: secrets.drop,
      extra: () => ({ keys_file: secrets.place() }),
      target: 'users',
    });
  },
});

/** The file of new keys, written before the commit: a committed key that was not saved would be lost. */
function depositOf(file: string, dryRun: boolean) {
  let there = false;
  const drop = async () => {
    if (there) await unlink(file).catch(() => {});
    there = false;
  };
  return {
    async put(rows: readonly { user_id: UserId; api_key: string }[]) {
      // A change that is retried generates new keys.
      await drop();
      if (dryRun) return;
      await writeAtomic(file, `${csvHeader(KEYS)}${csvLines(rows, KEYS, TEXT)}`, false).catch((error) => {
        throw outputFailure(file, error, 'Name a file that does not exist.');
      });
      there = true;
    },
    drop,
    place: () => (there ? file : null),
  };
}

const KEYS = ['user_id', 'api_key'];
const TEXT = { user_id: { type: 'text' }, api_key: { type: 'text' } } as const;

async function refuseUsers(trx: Trx, rows: readonly Numbered<UserRow>[]): Promise<BadLine[]> {
  const [ids, emails] = [
    rows.flatMap(({ value }) => value.user_id ?? []),
    rows.map(({ value }) => value.email),
  ];
  const { rows: there } = await sql<{ user_id: UserId; email: string }>`
    SELECT user_id, email FROM users WHERE user_id = ANY(${ids}) OR email = ANY(${emails})`.execute(trx.db);
  const named = rows.filter(({ value }) => value.user_id !== undefined);
  const byId = repeated(
    named,
    'user_id',
    ({ user_id }) => String(user_id),
    new Set(there.map((user) => user.user_id)),
  );
  const refused = new Set(byId.map(({ line }) => line));
  const rest = rows.filter(({ line }) => !refused.has(line));
  return [
    ...byId,
    ...repeated(rest, 'email', ({ email }) => email, new Set(there.map((user) => user.email))),
  ];
}

async function writeUsers(
  trx: Trx,
  rows: readonly UserRow[],
  put: (keys: readonly { user_id: UserId; api_key: string }[]) => Promise<void>,
  ctx: Context,
): Promise<void> {
  const users = rows.map((row) => ({
    ...row,
    user_id: row.user_id ?? mintId('usr', ctx.now()),
    api_key: generateApiKey(),
  }));
  await addUsers(
    trx,
    users.map((user) => ({ ...user, api_key: hashApiKey(user.api_key) })),
    ctx,
  );
  await put(users);
}
