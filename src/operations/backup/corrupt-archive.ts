/** What a verification can find. */
export type Problem =
  | 'not a backup'
  | 'cut'
  | 'altered'
  | 'missing table'
  | 'rows differ'
  | 'key'
  | 'ledger'
  | 'audit log';

/** An archive that was altered or is incomplete. `detail` completes a sentence about it. */
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
