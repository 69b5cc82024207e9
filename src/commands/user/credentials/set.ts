import { defineCommand } from '../../../cli/command.ts';
import { choice, optional, parsed, text, toggle } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { BROKER_COLUMNS, placeOf } from '../../../platform/secrets/broker-credentials.ts';
import { usage } from '../../../util/failure.ts';

/** The most bytes whose envelope fits varchar(100), as the columns are before phase 4. */
const MOST_BEFORE_4 = 36;
const MOST = 8_192;

export const set = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the trader') },
  flags: {
    field: choice(BROKER_COLUMNS, 'FIELD', 'which credential'),
    secretStdin: toggle('read it from stdin'),
    fromFile: optional(text('FILE', 'read it from a file that only you can read', 4_096)),
  },
  fields: {
    user_id: { type: 'text' },
    field: { type: 'text' },
    key_id: { type: 'text' },
    length: { type: 'integer' },
  },
  examples: [
    'user credentials set trader_001 --field broker_token',
    'user credentials set trader_001 --field broker_secret --from-file /run/secrets/angel-one',
    'user credentials set trader_001 --field broker_api_key --secret-stdin --json',
  ],
  details: `It is asked for unseen on a terminal; a line break at its end is left away. It is stored under the active key of the key
ring, and never shown again: not by this program, not in the audit log. Before phase 4 of the schema it may have ${MOST_BEFORE_4}
bytes.`,
  async run({ user, field, secretStdin, fromFile }, ctx: Context) {
    const [{ loadRing }, { lockKeysShared }, { fingerprint, encrypt, secretTooLong }, store, { lockUser }] =
      await Promise.all([
        import('../../../operations/keyring/load.ts'),
        import('../../../operations/keyring/locks.ts'),
        import('../../../platform/secrets/envelope.ts'),
        import('../../../trading/users/credentials.ts'),
        import('../../../trading/users/store.ts'),
      ]);
    const secret = await readSecret(ctx, field, secretStdin, fromFile);
    const length = Buffer.byteLength(secret);
    const phase = await ctx.phase();
    if (phase < 4 && length > MOST_BEFORE_4)
      throw secretTooLong(
        length,
        MOST_BEFORE_4,
        'Phase 4 of the schema makes more room: pinnacle migrate up',
      );
    if (length > MOST) throw secretTooLong(length, MOST);
    return ctx.change(async (trx) => {
      await lockKeysShared(trx);
      const ring = await loadRing(ctx);
      await lockUser(trx, user);
      const place = placeOf(user, field);
      await store.writeCredentials(trx, user, { [field]: encrypt(ring, place, secret) });
      const told = { field, key_id: ring.active.id, length };
      return {
        result: { user_id: user, ...told },
        audit: {
          target: `user ${user}`,
          body: { ...told, fingerprint: fingerprint(ring, place, secret) },
        },
      };
    });
  },
});

/** From the one source that is named, else from the terminal. */
async function readSecret(
  ctx: Context,
  field: string,
  stdin: boolean,
  file: string | undefined,
): Promise<string> {
  if (stdin && file !== undefined) throw usage('--secret-stdin and --from-file exclude each other.');
  const { secretFromFile, secretFromStdin, secretFromTerminal } = await import(
    '../../../operations/keyring/read-secret.ts'
  );
  const what = `The ${field}`;
  if (file !== undefined) return secretFromFile(ctx, file, what);
  if (stdin) return secretFromStdin(ctx, what);
  return secretFromTerminal(ctx, what, 'Give it with --secret-stdin or --from-file FILE.');
}
