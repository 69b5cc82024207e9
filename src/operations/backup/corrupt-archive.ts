/** What a backup can be found to be. */
export type Problem =
  | 'not a backup'
  | 'cut'
  | 'altered'
  | 'missing table'
  | 'rows differ'
  | 'key'
  | 'ledger'
  | 'audit log';

/** That an archive is not as it was written; `detail` goes on a sentence about it. */
export class CorruptArchive extends Error {
  override readonly name = 'Damage';
  readonly problem: Problem;
  readonly detail: string;

  constructor(problem: Problem, detail: string) {
    super(detail);
    this.problem = problem;
    this.detail = detail;
  }
}
