import type { Archive } from './archive.ts';
import { keysOf } from './archive.ts';
import type { ArchiveKeys } from './cipher.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import type { BackupKeys } from './keys.ts';

/**
 * The keys of an archive whose first and last line are authentic; undefined for one of unknown origin, which is accepted only
 * where no key is configured. Throws CorruptArchive: `not authenticated`, `key` where it cannot be decrypted, `altered`.
 */
export function authenticate(archive: Archive, keys: BackupKeys): ArchiveKeys | undefined {
  const found = keysOf(archive, keys.all);
  if (found) return found;
  const { key, encrypted } = archive;
  const ids = keys.configured.map(({ id }) => id).join(', ');
  const configured = ids === '' ? 'no key is configured' : `configured: ${ids}`;
  if (encrypted) throw new CorruptArchive('key', `it is encrypted with key ${key?.key_id}; ${configured}`);
  if (ids !== '')
    throw new CorruptArchive(
      'not authenticated',
      `it is not authenticated with a key that is known here (${configured}), so anybody may have written it`,
    );
  return undefined;
}
