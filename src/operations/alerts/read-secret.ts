import type { Context } from '../../context.ts';
import { type ChannelKind, signingKey, urlProblem } from '../../domain/alerts/channel.ts';
import { secretFromFile, secretFromStdin, secretFromTerminal } from '../../trading/keyring/read-secret.ts';
import { usage } from '../../util/failure.ts';

/** Where the secret of a channel comes from; from a prompt where neither is given. */
export interface SecretSource {
  stdin: boolean;
  file: string | undefined;
  /** Whether the URL of another machine may lack TLS. */
  plainHttp: boolean;
}

const NAMES: Readonly<Record<ChannelKind, string>> = {
  email: 'The password of the mail account',
  webhook: 'The signing secret of the webhook',
  telegram: 'The token of the bot',
  slack: 'The URL of the incoming webhook',
};

/** Reads the secret of a channel and checks its form; never quotes any of it. */
export async function readChannelSecret(
  ctx: Context,
  kind: ChannelKind,
  { stdin, file, plainHttp }: SecretSource,
): Promise<string> {
  const what = NAMES[kind];
  if (stdin && file !== undefined) throw usage('--secret-stdin and --from-file exclude each other.');
  const secret =
    file !== undefined
      ? await secretFromFile(ctx, file, what)
      : stdin
        ? await secretFromStdin(ctx, what)
        : await secretFromTerminal(ctx, what, 'Give it with --secret-stdin or --from-file FILE.');
  if (kind === 'webhook' && !signingKey(secret))
    throw usage(
      `${what} must be whsec_ and 24 to 64 bytes in base64.`,
      'One is made by: echo "whsec_$(openssl rand -base64 32)"',
    );
  if (kind === 'telegram' && !/^[A-Za-z0-9:_-]+$/.test(secret))
    throw usage(`${what} must be letters, digits and : _ - only.`);
  const problem = kind === 'slack' ? urlProblem(secret, plainHttp) : undefined;
  if (problem !== undefined) throw usage(`${what} ${problem}.`);
  return secret;
}
