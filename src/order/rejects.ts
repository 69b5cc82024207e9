import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { type CliError, usage } from '../cli/errors.ts';
import { count, visible } from '../util/text.ts';

/** A line of a file that could not be taken, and why. */
export interface BadLine {
  line: number;
  reason: string;
}

/** The bad lines of an import on their way into a file: written beside it, and put in place when the import stands. */
export interface Rejects {
  restart: () => Promise<void>;
  add: (lines: readonly BadLine[]) => Promise<void>;
  /** Puts the file in place if it holds any line, and gives its path. */
  keep: () => Promise<string | null>;
  discard: () => Promise<void>;
}

/** Opens a file for bad lines, 0600. Throws a usage error where it exists: it is never written over. */
export async function openRejects(path: string): Promise<Rejects> {
  if (await stat(path).catch(() => undefined))
    throw usage(`The file for bad lines, ${path}, exists.`, 'Move it, or name another one with --rejects.');
  const draft = `${path}.partial`;
  const file: FileHandle = await open(draft, 'a', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw usage(`The file for bad lines, ${path}, cannot be written (${error.code}).`);
  });
  let lines = 0;
  let closed = false;
  const close = async () => {
    if (!closed) await file.close();
    closed = true;
  };
  return {
    async restart() {
      lines = 0;
      await file.truncate(0);
      await file.appendFile('line,reason\n');
    },
    async add(bad) {
      lines += bad.length;
      await file.appendFile(
        bad.map(({ line, reason }) => `${line},"${visible(reason).replaceAll('"', '""')}"\n`).join(''),
      );
    },
    async keep() {
      if (lines === 0) return null;
      await file.sync();
      await close();
      await rename(draft, path);
      return path;
    },
    async discard() {
      await close();
      await rm(draft, { force: true });
    },
  };
}

/** The failure of an all-or-nothing import: the first bad lines by number, and how many there are. */
export function complain(bad: readonly BadLine[], total: number): CliError {
  const lines = bad.map(({ line, reason }) => `line ${line}: ${reason}`);
  const more = total > bad.length ? [`and ${count(total - bad.length, 'line')} more`] : [];
  return usage(
    [`${count(total, 'line')} cannot be taken; nothing was imported.`, ...lines, ...more].join('\n'),
    'Correct the file, or import the good lines with --keep-going.',
  );
}
