import { Failure } from '../../util/failure.ts';

/** Whether waiting may help: the database is away, or busy. A certificate that is not trusted, or a refused login, stays so. */
export const isTransient = (failure: unknown): failure is Failure =>
  failure instanceof Failure &&
  (failure.kind === 'unreachable' || failure.kind === 'busy') &&
  failure.details.retryable === true;
