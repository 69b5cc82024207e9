import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditEntry } from '../../audit/log.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { lockFile } from '../../platform/files/lock-file.ts';
import { brokerColumns } from '../../platform/secrets/broker-credentials.ts';
import { formatRing, type Ring, type RingKey } from '../../platform/secrets/key-ring.ts';
import { notConfigured, readRing, ringSource } from '../../trading/keyring/load.ts';
import { Failure, refused } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';

interface Edit {
  /** The ring after the change. */
  ring: Ring;
  /** The key that changes. */
  key: RingKey;
  /** What changes about it, for the audit log; null where nothing does. */
  body: AuditEntry['body'] | null;
}

/** A key after a change of the ring. */
export interface EditedKey {
  key_id: string;
  state: 'active' | 'decrypt' | 'retired';
  created_at: string;
  keyring: string;
}

/**
 * Changes the file of the key ring, one process at a time; returns the key after the change. The audit row is committed
 * first, so that no key changes without one; where the file cannot be written, it keeps its content.
 */
export async function editRing(
  ctx: Context,
  edit: (ring: Ring | undefined, trx: Trx, source: { name: string }) => Promise<Edit>,
): Promise<EditedKey> {
  const source = await ringSource(ctx);
  if (!source) throw notConfigured();
  if (source.kind !== 'file')
    throw refused(
      'KEYRING_READ_ONLY',
      `The key ring comes from ${source.name}, which cannot be written.`,
      'Change it at its source, or set PINNACLE_KEYRING_FILE: these commands change a file.',
    );
  const { path } = source;
  const unlock = await lock(ctx, path);
  try {
    const known = await readRing(ctx, source);
    const edited = await ctx.change(async (trx) => {
      // Only a role that may read the credentials may change their keys; the file itself has no roles.
      await trx.db.selectFrom('users').select(brokerColumns(trx)).limit(0).execute();
      const result = await edit(known, trx, source);
      const audit = result.body && {
        target: `key ${result.key.id}`,
        body: { ...result.body, keyring: path },
      };
      return { result, audit };
    });
    const { ring, key } = edited;
    if (edited.body && !ctx.dryRun) {
      // A first ring must not replace a file.
      await writeAtomic(path, formatRing(ring), known !== undefined).catch(writeFailure(path, true));
    }
    const state = ring.active === key ? 'active' : ring.keys.has(key.id) ? 'decrypt' : 'retired';
    return { key_id: key.id, state, created_at: key.createdAt, keyring: path };
  } finally {
    await unlock();
  }
}

async function lock(ctx: Context, path: string): Promise<() => Promise<void>> {
  const { timeoutMs } = await ctx.config();
  const options = { pid: ctx.own.pid, command: ctx.origin.command, timeoutMs, signal: ctx.signal };
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
      `The key ring ${path} could not be written (${error.code}) and is unchanged${
        audited ? ', although the audit log records the change' : ''
      }.`,
      audited ? { hint: 'Free some space or fix its permissions, then run this again.', changed: null } : {},
    );
  };
