import type { CodeOf, ErrorCode, Missing } from './error-codes.ts';
import { EXITS, type FailureKind } from './exit-codes.ts';
import { FileProblem } from './file-problem.ts';
import { truncate } from './text.ts';

interface Details {
  /** The command or setting that helps, as a sentence. */
  hint?: string;
  /** Whether the same command may succeed later without any other change. */
  retryable?: boolean;
  /** Whether anything was changed; null if it is unknown. */
  changed?: boolean | null;
  /** What is not there. */
  missing?: { kind: Missing; id: string };
}

/** A failure in the operator's words. Everything thrown that is not one of these is a defect or a foreign error. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly code: ErrorCode;
  readonly details: Details;

  constructor(kind: FailureKind, code: ErrorCode, message: string, details: Details = {}) {
    // It may quote input of any length.
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
export function notFound(kind: Missing, id: string, hint?: string): Failure {
  const code = `${kind.toUpperCase().replaceAll(' ', '_')}_NOT_FOUND` as CodeOf<'notFound'>;
  return new Failure('notFound', code, `There is no ${kind} ${id}.`, {
    missing: { kind, id },
    ...(hint && { hint }),
  });
}

/** Refused by a state, limit or conflict: exit 5, nothing changed. */
export function refused(code: CodeOf<'refused'>, message: string, hint?: string): Failure {
  return new Failure('refused', code, message, hint ? { hint } : {});
}

/** The failure for a file that could not be written: FILE_EXISTS (exit 5) or OUTPUT_FAILED (exit 74); else the error itself. */
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

/** Whether waiting may help: the database is away, or busy. A certificate that is not trusted, or a refused login, stays so. */
export const isTransient = (failure: unknown): failure is Failure =>
  failure instanceof Failure &&
  (failure.kind === 'unreachable' || failure.kind === 'busy') &&
  failure.details.retryable === true;
