import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../../context.ts';
import { makePrivateFolder } from '../../platform/files/private-folder.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { Failure } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';
import { type BackupKey, backupKey, KEY_BYTES } from './cipher.ts';

/** The keys of backup.keyFile, the first of which writes; none where no file is configured. Throws BACKUP_KEY_INVALID (exit 11), BACKUP_KEY_MISSING (exit 78). */
async function loadBackupKeys(ctx: Context): Promise<BackupKey[]> {
  const { keyFile } = (await ctx.config()).backup;
  if (keyFile === undefined) return [];
  const bytes = await readSecretFile(keyFile, ctx.own.uid, 'The backup key file');
  if (!bytes)
    throw new Failure('config', 'BACKUP_KEY_MISSING', `The backup key file ${keyFile} does not exist.`, {
      hint: `Create it: (umask 077; openssl rand -base64 ${KEY_BYTES} > ${keyFile}). Keep a copy apart from the backups.`,
    });
  return keysIn(bytes, `the backup key file ${keyFile}`);
}

function keysIn(bytes: Buffer, file: string): BackupKey[] {
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line, i) => {
    const key = Buffer.from(line.trim(), 'base64');
    if (key.length !== KEY_BYTES || key.toString('base64') !== line.trim())
      throw new Failure(
        'integrity',
        'BACKUP_KEY_INVALID',
        `Line ${i + 1} of ${file} is not ${KEY_BYTES} bytes of base64.`,
        { hint: `Print a key with: openssl rand -base64 ${KEY_BYTES}` },
      );
    return backupKey(key);
  });
}

/** What backups are authenticated with: the configured keys, and the key of this installation. */
export interface BackupKeys {
  configured: readonly BackupKey[];
  all: readonly BackupKey[];
}

/** The keys that a backup can be authenticated with. Throws as `loadBackupKeys` does. */
export async function loadAllKeys(ctx: Context): Promise<BackupKeys> {
  const configured = await loadBackupKeys(ctx);
  return { configured, all: [...configured, ...(await originKeys(ctx))] };
}

const originFile = (ctx: Context) => join(ctx.cacheDir, 'backup-origin.key');

/** The key of this installation, which tells its own backups where no key is configured; none before its first backup. */
async function originKeys(ctx: Context): Promise<BackupKey[]> {
  const file = originFile(ctx);
  const bytes = await readSecretFile(file, ctx.own.uid, 'The origin key');
  return bytes ? keysIn(bytes, `the origin key ${file}`) : [];
}

/**
 * The key that a new backup is authenticated with: the first configured one, else that of this installation, which is created;
 * undefined where its folder cannot be written. Throws NO_BACKUP_KEY (exit 78) where `encrypt` needs a configured one.
 */
export async function writingKey(ctx: Context, encrypt: boolean): Promise<BackupKey | undefined> {
  const [key] = await loadBackupKeys(ctx);
  if (key) return key;
  if (encrypt)
    throw new Failure('config', 'NO_BACKUP_KEY', 'No backup key is configured.', {
      hint: 'Set backup.keyFile or PINNACLE_BACKUP_KEY_FILE to a file with a key: openssl rand -base64 32',
    });
  const [origin] = await originKeys(ctx);
  return origin ?? (ctx.dryRun ? undefined : createOriginKey(ctx));
}

async function createOriginKey(ctx: Context): Promise<BackupKey | undefined> {
  try {
    await makePrivateFolder(ctx.cacheDir, 'XDG_CACHE_HOME');
    await writeAtomic(originFile(ctx), `${randomBytes(KEY_BYTES).toString('base64')}\n`, false);
  } catch {
    // Another process has just created it, or the folder is not to be written.
  }
  const [origin] = await originKeys(ctx);
  return origin;
}
