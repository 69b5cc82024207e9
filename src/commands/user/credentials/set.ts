import { defineCommand } from '../../../cli/command.ts';
import { choice, optional, parsed, text, toggle } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { BROKER_COLUMNS, MAX_BYTES_BEFORE_PHASE_4 } from '../../../platform/secrets/broker-credentials.ts';
import { usage } from '../../../util/failure.ts';

export const set = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
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
  answer: ({ user_id, field, key_id }) => ({
    done: `Set ${field} of ${user_id}, encrypted with key ${key_id}`,
    next: ['user', 'credentials', 'verify', user_id],
  }),
  examples: [
    'user credentials set trader_001 --field broker_token',
    'user credentials set trader_001 --field broker_secret --from-file /run/secrets/angel-one',
    'user credentials set trader_001 --field broker_api_key --secret-stdin --json',
    'user credentials set trader_001 --field broker_totp',
  ],
  details: `broker_api_key is the key of the API, broker_secret the PIN, broker_totp the secret that one-time passwords are made of, in
base32; broker login writes broker_token. On a terminal it is prompted for without echo; a trailing newline is removed. It is encrypted with the active key of the
key ring and never shown again, neither by this program nor in the audit log. Before phase 4 of the schema it may have at
most ${MAX_BYTES_BEFORE_PHASE_4} bytes.`,
  async run({ user, field, secretStdin, fromFile }, ctx: Context) {
    if (secretStdin && fromFile !== undefined)
      throw usage('--secret-stdin and --from-file exclude each other.');
    const { setCredential } = await import('../../../operations/keyring/set-credential.ts');
    return setCredential(ctx, user, field, { stdin: secretStdin, file: fromFile });
  },
});
