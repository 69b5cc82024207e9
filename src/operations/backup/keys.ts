import type { Context } from '../../context.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { Failure } from '../../util/failure.ts';
import { type BackupKey, backupKey, KEY_BYTES } from './cipher.ts';

/** The keys of backup.keyFile, the encrypting one first; none where no file is configured. Throws BACKUP_KEY_INVALID (exit 11), BACKUP_KEY_MISSING (exit 78). */
export async function loadBackupKeys(ctx: Context): Promise<BackupKey[]> {
  const { keyFile } = (await ctx.config()).backup;
  if (keyFile === undefined) return [];
  const bytes = await readSecretFile(keyFile, ctx.own.uid, 'The backup key file');
  if (!bytes)
    throw new Failure('config', 'BACKUP_KEY_MISSING', `The backup key file ${keyFile} does not exist.`, {
      hint: `Create it: (umask 077; openssl rand -base64 ${KEY_BYTES} > ${keyFile}). Keep a copy apart from the backups.`,
    });
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
        `Line ${i + 1} of the backup key file ${keyFile} is not ${KEY_BYTES} bytes of base64.`,
        { hint: `Print a key with: openssl rand -base64 ${KEY_BYTES}` },
      );
    return backupKey(key);
  });
}

/** The key that encrypts new backups. Throws NO_BACKUP_KEY (exit 78). */
export async function encryptingKey(ctx: Context): Promise<BackupKey> {
  const [key] = await loadBackupKeys(ctx);
  if (key) return key;
  throw new Failure('config', 'NO_BACKUP_KEY', 'No backup key is configured.', {
    hint: 'Set backup.keyFile or PINNACLE_BACKUP_KEY_FILE to a file with a key: openssl rand -base64 32',
  });
}
