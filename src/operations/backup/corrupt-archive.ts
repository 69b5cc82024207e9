/** What a verification can find. */
export type Problem =
  | 'not a backup'
  | 'not a file'
  | 'not authenticated'
  | 'cut'
  | 'altered'
  | 'foreign'
  | 'scripts'
  | 'missing table'
  | 'rows differ'
  | 'rows refused'
  | 'key'
  | 'ledger'
  | 'audit log';

/** An archive that was altered, is incomplete, or holds what a backup does not. `detail` completes a sentence about it. */
export class CorruptArchive extends Error {
  override readonly name = 'CorruptArchive';
  readonly problem: Problem;
  readonly detail: string;

  constructor(problem: Problem, detail: string) {
    super(detail);
    this.problem = problem;
    this.detail = detail;
  }
}
