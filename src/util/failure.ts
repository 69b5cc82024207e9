import { FileProblem } from './file-problem.ts';
import { truncate } from './text.ts';

/** Exit codes by kind of failure; `pinnacle help exit-codes` prints this table. */
export const EXITS = {
  failure: [1, 'unexpected failure'],
  usage: [2, 'usage or validation: nothing was done'],
  notFound: [3, 'the named thing does not exist'],
  needsAnswer: [4, 'needs an answer and may not ask'],
  refused: [5, 'refused by a rule: state, limit, conflict, halt'],
  found: [6, 'ran, and found something'],
  unreachable: [7, 'backend unreachable: nothing changed, safe to retry'],
  pending: [8, 'committed, Redis projection pending'],
  unknown: [9, 'outcome unknown'],
  busy: [10, 'locked or already running: try again'],
  integrity: [11, 'key or secret integrity'],
  forbidden: [12, 'not permitted'],
  output: [74, 'output failed'],
  config: [78, 'configuration invalid'],
  interrupted: [130, 'interrupted'],
  terminated: [143, 'terminated'],
} as const satisfies Record<string, readonly [number, string]>;

export type FailureKind = keyof typeof EXITS;

interface Details {
  /** The command or setting that helps, as a sentence. */
  hint?: string;
  /** Whether the same command may succeed later without any other change. */
  retryable?: boolean;
  /** Whether anything was changed; null where nobody can know. */
  changed?: boolean | null;
}

/** A failure in the operator's words. Everything thrown that is not one of these is a defect or a foreign error. */
export class Failure extends Error {
  override readonly name = 'CliError';
  readonly kind: FailureKind;
  readonly code: string;
  readonly details: Details;

  constructor(kind: FailureKind, code: string, message: string, details: Details = {}) {
    // It may quote what was given, however long that is.
    super(truncate(message, 4_000));
    this.kind = kind;
    this.code = code;
    this.details = details;
  }

  get exit(): number {
    return EXITS[this.kind][0];
  }
}

/** Bad input: exit 2, nothing done. */
export function usage(message: string, hint?: string): Failure {
  return new Failure('usage', 'USAGE', message, hint ? { hint } : {});
}

/** The named thing does not exist: exit 3. */
export function notFound(kind: string, id: string, hint?: string): Failure {
  const code = `${kind.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND`;
  return new Failure('notFound', code, `There is no ${kind} ${id}.`, hint ? { hint } : {});
}

/** Refused by a state, limit or conflict: exit 5, nothing changed. */
export function refused(code: string, message: string, hint?: string): Failure {
  return new Failure('refused', code, message, hint ? { hint } : {});
}

/** What kept a file from being written, in words: FILE_EXISTS (exit 5) or OUTPUT_FAILED (exit 74); else the error itself. */
export function outputFailure(path: string, error: unknown, hint: string): unknown {
  if (!(error instanceof FileProblem)) return error;
  if (error.code === 'EEXIST') return refused('FILE_EXISTS', `There is already a file ${path}.`, hint);
  return new Failure('output', 'OUTPUT_FAILED', `${path} ${error.why}.`);
}

/** The object written to stderr when a command fails under `--json`. */
export function errorObject(error: Failure) {
  const { hint = null, retryable = false, changed = false } = error.details;
  return { error: { code: error.code, message: error.message, hint, retryable, changed } };
}
