/** A file that cannot be used; `why` goes behind its name in a sentence, `code` is the system's. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  readonly code: string;
  readonly why: string;

  constructor(code: string, why: string) {
    super(`a file ${why}`);
    this.code = code;
    this.why = why;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'is a symbolic link',
  ENOSPC: 'cannot be written: the disk is full',
};

/** A system error about a file as FileProblem; other errors are returned unchanged. */
export const toFileProblem = (error: unknown, what: 'read' | 'written'): unknown => {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof FileProblem || code === undefined) return error;
  if (code === 'EACCES') return new FileProblem(code, `may not be ${what} by you`);
  if (what === 'written' && (code === 'ENOENT' || code === 'ENOTDIR'))
    return new FileProblem(code, 'cannot be written: its folder does not exist');
  return new FileProblem(code, WORDS[code] ?? `cannot be ${what} (${code})`);
};
