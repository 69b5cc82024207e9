import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditEntry } from '../../audit/log.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { lockFile } from '../../platform/files/lock-file.ts';
import { BROKER_COLUMNS } from '../../platform/secrets/broker-credentials.ts';
import { formatRing, type Ring, type RingKey } from '../../platform/secrets/key-ring.ts';
import { Failure, refused } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';
import { notConfigured, readRing, ringSource } from './load.ts';

interface Edit {
  /** The ring as it is to be. */
  ring: Ring;
  /** The key that it is about. */
  key: RingKey;
  /** What is done to it; null where it was so already. */
  body: AuditEntry['body'] | null;
}

/**
 * Changes the file of the key ring, one process at a time. The audit row is committed first: no key changes without
 * one, and a ring that could not be written is as it was. Gives the key as it then stands.
 */
export async function editRing(
  ctx: Context,
  edit: (ring: Ring | undefined, trx: Trx, source: { name: string }) => Promise<Edit>,
) {
  const source = await ringSource(ctx);
  if (!source) throw notConfigured();
  if (source.kind !== 'file')
    throw refused(
      'KEYRING_READ_ONLY',
      `The key ring comes from ${source.name}, which cannot be written.`,
      'Change it where it is kept; with PINNACLE_KEYRING_FILE these commands change a file.',
    );
  const { path } = source;
  const unlock = await lock(ctx, path);
  try {
    const known = await readRing(ctx, source);
    const edited = await ctx.change(async (trx) => {
      // Who may change the keys is who may read what they encrypt; the file itself knows no roles.
      await trx.db.selectFrom('users').select(BROKER_COLUMNS).limit(0).execute();
      const result = await edit(known, trx, source);
      const audit = result.body && {
        target: `key ${result.key.id}`,
        body: { ...result.body, keyring: path },
      };
      return { result, audit };
    });
    const { ring, key } = edited;
    if (edited.body && !ctx.dryRun) {
      // A first ring takes the place of no file.
      await writeAtomic(path, formatRing(ring), known !== undefined).catch(writeFailure(path, true));
    }
    const state = ring.active === key ? 'active' : ring.keys.has(key.id) ? 'decrypt' : 'retired';
    return { key_id: key.id, state, created_at: key.createdAt, keyring: path };
  } finally {
    await unlock();
  }
}

async function lock(ctx: Context, path: string): Promise<() => Promise<void>> {
  const { timeout } = await ctx.config();
  const options = { pid: ctx.own.pid, command: ctx.origin.command, timeout, signal: ctx.signal };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(writeFailure(path, false));
  return lockFile(`${path}.lock`, `The key ring ${path}`, options).catch(writeFailure(path, false));
}

const writeFailure =
  (path: string, audited: boolean) =>
  (error: NodeJS.ErrnoException): never => {
    if (error instanceof Failure || error.code === undefined) throw error;
    throw new Failure(
      'integrity',
      'KEYRING_UNWRITABLE',
      `The key ring ${path} could not be written (${error.code}); it is as it was${
        audited ? ', although the audit log has the change' : ''
      }.`,
      audited ? { hint: 'Make room for it and run this again.', changed: null } : {},
    );
  };
