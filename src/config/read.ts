import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CliError } from '../cli/errors.ts';

// A configuration is a few hundred bytes; what is larger is some other file.
const MAX_BYTES = 1_048_576;

/** The configuration cannot be used: exit 78. */
export function invalid(message: string, hint?: string): CliError {
  return new CliError('config', 'CONFIG_INVALID', message, hint ? { hint } : {});
}

/** A regular file of at most 1 MiB, with its mode and owner. */
export async function read(path: string): Promise<{ text: string; mode: number; uid: number }> {
  let handle: FileHandle | undefined;
  try {
    // Opening a named pipe would wait for its other end.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // The mode of the file that was opened: a name may be swapped between two looks.
    const stat = await handle.stat();
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!stat.isFile()) throw Object.assign(new Error(), { code: 'EINVAL' });
    if (stat.size > MAX_BYTES) throw Object.assign(new Error(), { code: 'EFBIG' });
    return { text: await handle.readFile('utf8'), mode: stat.mode, uid: stat.uid };
  } finally {
    await handle?.close();
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'may not be read by you',
  EISDIR: 'is a folder, not a file',
  EINVAL: 'is no regular file',
  EFBIG: 'is larger than 1 MiB, so it is some other file',
};

/** Why a file cannot be read, in words. */
export const because = (error: NodeJS.ErrnoException) =>
  REASONS[error.code ?? ''] ?? `cannot be read (${error.code})`;

/** JSON of a file; throws CONFIG_INVALID without a word of its text. */
export function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw invalid(`${path} is not valid JSON${place((error as Error).message, text)}.`);
  }
}

/** Where JSON breaks off, of a message of V8's that may quote the text itself, which may hold a password. */
function place(message: string, text: string): string {
  const quoted = /"([\s\S]*?)"(?:\.\.\.)? is not valid JSON$/.exec(message)?.[1];
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? (quoted ? text.indexOf(quoted) : -1));
  return position < 0
    ? ''
    : ` near line ${text.slice(0, position + (quoted ? quoted.length / 2 : 0)).split('\n').length}`;
}
