import type { Context } from '../../context.ts';
import { isApiKey, isForeignApiKey } from '../../platform/secrets/api-key.ts';
import { Failure } from '../../util/failure.ts';

/** Reads the API key from stdin, or prompts for it without echo; throws API_KEY_MALFORMED (exit 2) if it begins as ours and its checksum fails, or can be no key. */
export async function readApiKey(ctx: Context): Promise<string> {
  const { secretFromStdin, secretFromTerminal } = await import('../../trading/keyring/read-secret.ts');
  const key = ctx.io.stdin.isTTY
    ? await secretFromTerminal(ctx, 'The API key', 'Give it on stdin.')
    : await secretFromStdin(ctx, 'The API key');
  if (isApiKey(key) || isForeignApiKey(key)) return key;
  throw new Failure(
    'usage',
    'API_KEY_MALFORMED',
    'Not a valid API key: checksum mismatch (mistyped or truncated?).',
    {
      hint: 'A key is pin_live_ and 36 letters and digits.',
    },
  );
}
