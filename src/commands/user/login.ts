import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { minuteText } from '../../domain/instant.ts';
import { hashApiKey } from '../../platform/secrets/api-key.ts';
import { isShown, outputFileFlag, secretAnswer, withNewSecret } from './issue-secret.ts';
import { readApiKey } from './read-api-key.ts';

export const login = defineCommand({
  effect: 'write',
  phase: 1,
  args: {},
  flags: { outputFile: outputFileFlag('token') },
  fields: {
    user_id: { type: 'text' },
    session_id: { type: 'text' },
    token: { type: 'text', secret: true },
    output_file: { type: 'text' },
    via: { type: 'text' },
    created_at: { type: 'time' },
    expires_at: { type: 'time' },
  },
  answer: ({ user_id, session_id, token, output_file, expires_at }) => {
    const { kept, once } = secretAnswer('token', token, output_file);
    return {
      done: `Logged in ${user_id}: ${session_id}, until ${minuteText(expires_at)}${kept}`,
      once,
      next: ['user', 'logins', 'list', user_id],
    };
  },
  examples: ['user login', 'user login --output-file session.token', 'user login --json session_id,token'],
  details: `Reads the API key from stdin, or prompts for it without echo on a terminal, and starts a session in Redis for 7 days; with
a key that a rotation replaced, at most until that key expires. A mistyped key ends 2, an unknown key 3, a disabled user 5;
without Redis nothing changes (7). ${isShown('token')}`,
  async run({ outputFile }, ctx: Context) {
    return withNewSecret(ctx, 'token', outputFile, async (tokenHash, shown) => {
      const keyHash = hashApiKey(await readApiKey(ctx));
      const { logIn } = await import('../../trading/users/log-in.ts');
      return { ...(await logIn(ctx, keyHash, tokenHash)), ...shown };
    });
  },
});
