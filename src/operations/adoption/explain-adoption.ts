import type { Context } from '../../context.ts';
import { isDatabaseFailure } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';

const FORESEEABLE = new Set(['failure', 'refused', 'usage']);

/** Explains why an adoption ended; nothing is changed then. */
export async function explainAdoption(ctx: Context, error: unknown): Promise<unknown> {
  if (ctx.signal.aborted) return ctx.signal.reason;
  if (!isDatabaseFailure(error)) return error;
  const known = await ctx.explain(error);
  if (!(known instanceof Failure)) return error;
  if (!FORESEEABLE.has(known.kind))
    return new Failure(known.kind, known.code, known.message, {
      hint: `Nothing was changed. ${known.details.hint ?? 'Run it again.'}`,
      retryable: known.details.retryable ?? false,
      changed: false,
    });
  // The message of a failed DDL statement names objects of the schema; a value that it quotes is one that cannot be converted.
  return new Failure(
    'refused',
    'ADOPTION_REFUSED',
    `The database cannot be adopted as it is: ${error.message}`,
    {
      hint: 'Nothing was changed. See: pinnacle migrate adopt --plan',
      changed: false,
    },
  );
}
