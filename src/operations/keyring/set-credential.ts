import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import {
  type BrokerColumn,
  brokerColumns,
  MAX_BYTES_BEFORE_PHASE_4,
  placeOf,
} from '../../platform/secrets/broker-credentials.ts';
import { encrypt, fingerprint, secretTooLong } from '../../platform/secrets/envelope.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import { secretFromFile, secretFromStdin, secretFromTerminal } from '../../trading/keyring/read-secret.ts';
import { writeCredentials } from '../../trading/users/credentials.ts';
import { lockUser } from '../../trading/users/store.ts';

/** The most bytes of a credential, from phase 4 on. */
export const MAX_SECRET_BYTES = 8_192;

/**
 * Reads a broker credential from stdin, a file or the terminal and stores it encrypted with the active key. Throws
 * SECRET_TOO_LONG where its envelope does not fit the column.
 */
export async function setCredential(
  ctx: Context,
  user: UserId,
  field: BrokerColumn,
  source: { stdin: boolean; file: string | undefined },
) {
  if (!brokerColumns(await ctx.source()).includes(field)) needStep(await ctx.source(), BROKER_SINCE_STEP);
  const secret = await readSecret(ctx, `The ${field}`, source);
  const length = Buffer.byteLength(secret);
  const phase = await ctx.phase();
  if (phase < 4 && length > MAX_BYTES_BEFORE_PHASE_4)
    throw secretTooLong(
      length,
      MAX_BYTES_BEFORE_PHASE_4,
      'Phase 4 of the schema raises the limit: pinnacle migrate up',
    );
  if (length > MAX_SECRET_BYTES) throw secretTooLong(length, MAX_SECRET_BYTES);
  return ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    await lockUser(trx, user);
    const place = placeOf(user, field);
    await writeCredentials(trx, user, { [field]: encrypt(ring, place, secret) });
    const stored = { field, key_id: ring.active.id, length };
    return changed({ user_id: user, ...stored }, auditTarget('user', user), {
      ...stored,
      fingerprint: fingerprint(ring, place, secret),
    });
  });
}

async function readSecret(
  ctx: Context,
  what: string,
  { stdin, file }: { stdin: boolean; file: string | undefined },
): Promise<string> {
  if (file !== undefined) return secretFromFile(ctx, file, what);
  if (stdin) return secretFromStdin(ctx, what);
  return secretFromTerminal(ctx, what, 'Give it with --secret-stdin or --from-file FILE.');
}
