import type { Context } from '../../context.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { Failure } from '../../util/failure.ts';
import { type BackupKey, backupKey, KEY_BYTES } from './cipher.ts';

/** The keys of backup.keyFile, the one that encrypts first; none where no file is configured. Throws exit 11, 78. */
export async function loadBackupKeys(ctx: Context): Promise<BackupKey[]> {
  const { keyFile } = (await ctx.config()).backup;
  if (keyFile === undefined) return [];
  const bytes = await readSecretFile(keyFile, ctx.own.uid, 'The file of backup keys');
  if (!bytes)
    throw new Failure('config', 'BACKUP_KEY_MISSING', `The file of backup keys ${keyFile} does not exist.`, {
      hint: `Make one: (umask 077; openssl rand -base64 ${KEY_BYTES} > ${keyFile}). Keep a copy apart from the backups.`,
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
        `Line ${i + 1} of the file of backup keys ${keyFile} is not ${KEY_BYTES} bytes of base64.`,
        { hint: `A key is what this prints: openssl rand -base64 ${KEY_BYTES}` },
      );
    return backupKey(key);
  });
}

/** The key that new backups are encrypted with; throws NO_BACKUP_KEY (exit 78). */
export async function encryptingKey(ctx: Context): Promise<BackupKey> {
  const [key] = await loadBackupKeys(ctx);
  if (key) return key;
  throw new Failure('config', 'NO_BACKUP_KEY', 'No key for backups is configured.', {
    hint: 'Set backup.keyFile, or PINNACLE_BACKUP_KEY_FILE, to a file with a key: openssl rand -base64 32',
  });
}
