import { Failure } from '../../util/failure.ts';

/** Whether waiting may help: the database is away, or busy. */
export const isTransient = (failure: unknown): failure is Failure =>
  failure instanceof Failure && (failure.kind === 'unreachable' || failure.kind === 'busy');
