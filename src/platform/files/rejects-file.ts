import { resolve } from 'node:path';
import { csvLines } from '../../cli/render-csv.ts';
import { Finding } from '../../cli/result.ts';
import { type Failure, outputFailure, usage } from '../../util/failure.ts';
import { openAtomic } from '../../util/file.ts';
import { pluralize } from '../../util/text.ts';

/** A file for the bad lines of an import: written beside its name, and renamed to it once the import is committed. */
export interface Rejects {
  restart: () => Promise<void>;
  add: (lines: readonly BadLine[]) => Promise<void>;
  /** The path of the file; null while it has no line. */
  place: () => string | null;
  /** Renames the file to its name if it has any line. */
  keep: () => Promise<void>;
  discard: () => Promise<void>;
}

const FIELDS = { line: { type: 'integer' }, reason: { type: 'text' } } as const;
const NAMES = Object.keys(FIELDS);

/** The path for the bad lines of a file: the one given, or one beside the file. */
export function rejectsPath(path: string, named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named);
  if (path === '-') throw usage('--keep-going on stdin needs --rejects FILE for the bad lines.');
  return `${path}.rejects.csv`;
}

/** Opens a file for bad lines, 0600. Throws FILE_EXISTS instead of replacing one. */
export async function openRejects(path: string): Promise<Rejects> {
  const failed = (error: unknown): never => {
    throw outputFailure(path, error, 'Move it, or name another one with --rejects.');
  };
  const draft = await openAtomic(path, false).catch(failed);
  let lines = 0;
  return {
    async restart() {
      lines = 0;
      await draft.restart().catch(failed);
      await draft.write(`${NAMES.join(',')}\n`).catch(failed);
    },
    async add(bad) {
      lines += bad.length;
      await draft.write(csvLines(bad, NAMES, FIELDS)).catch(failed);
    },
    place: () => (lines > 0 ? path : null),
    async keep() {
      if (lines > 0) await draft.keep().catch(failed);
    },
    discard: draft.discard,
  };
}

/** The result of an import: its tally and the file of bad lines, as a finding (exit 6) if there are any. */
export function withRejects<T extends { rejected: number }>(
  tally: T,
  rejects: Rejects | undefined,
): Finding<T & { rejects_file: string | null }> | (T & { rejects_file: string | null }) {
  const row = { ...tally, rejects_file: rejects?.place() ?? null };
  return tally.rejected > 0 ? new Finding(row) : row;
}

/** A line of a file that was rejected, and the reason. */
export interface BadLine {
  line: number;
  reason: string;
}

/** The failure of an all-or-nothing import: the first bad lines by number, and how many there are. */
export function rejectedLinesError(bad: readonly BadLine[], total: number, hint: string): Failure {
  const lines = bad.map(({ line, reason }) => `line ${line}: ${reason}`);
  const more = total > bad.length ? [`and ${pluralize(total - bad.length, 'line')} more`] : [];
  return usage(
    [`${pluralize(total, 'line')} cannot be taken; nothing was imported.`, ...lines, ...more].join('\n'),
    hint,
  );
}
