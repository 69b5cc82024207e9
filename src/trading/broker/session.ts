import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { AngelOneSession } from '../../platform/brokers/angelone/calls.ts';
import type { Endpoint } from '../../platform/brokers/angelone/http.ts';
import { Failure } from '../../util/failure.ts';
import { logIn } from './log-in.ts';
import { openSecrets, type TraderSecrets } from './login-secrets.ts';

/** A session of a trader that all processes share through the database. */
export interface SharedSession extends AngelOneSession {
  apiKey: string;
  /** What no output may show. */
  secrets: () => string[];
}

// A login that was refused is not tried again with the same credentials by the same command: too many lock the account.
const refusals = new WeakMap<AbortSignal, Map<string, Failure>>();

/**
 * The session of a trader at Angel One: the stored token while it is valid, else a login. Throws BROKER_SESSION where
 * credentials are missing.
 */
export async function openSession(
  ctx: Context,
  user: UserId,
  endpoint: Endpoint,
  limit: () => Promise<void>,
): Promise<SharedSession> {
  let secrets = await openSecrets(ctx, user);
  const seen = new Set<string>();
  let current = isValid(ctx, secrets) ? secrets.token : undefined;

  /** The token that is stored now, unless it has ended or is the one that the broker refused. */
  async function findOther(refused: string | undefined): Promise<string | undefined> {
    secrets = await openSecrets(ctx, user);
    return isValid(ctx, secrets) && secrets.token !== refused ? secrets.token : undefined;
  }

  async function begin(refused: string | undefined): Promise<string> {
    const other = await findOther(refused);
    if (other !== undefined) return other;
    const known = refusals.get(ctx.signal) ?? new Map<string, Failure>();
    refusals.set(ctx.signal, known);
    const credentials = [user, secrets.apiKey, secrets.pin, secrets.totpSecret].join('\n');
    const before = known.get(credentials);
    if (before) throw before;
    return logIn(ctx, user, secrets, { endpoint, limit, findOther: () => findOther(refused) }).catch(
      (error) => {
        if (error instanceof Failure && error.kind === 'refused') known.set(credentials, error);
        throw error;
      },
    );
  }

  const use = (token: string) => {
    current = token;
    seen.add(token);
    return token;
  };

  return {
    apiKey: secrets.apiKey,
    // Once it has ended, the broker says so.
    token: async () => use(current ?? (await begin(undefined))),
    renew: async () => use(await begin(current)),
    secrets: () => [secrets.apiKey, secrets.pin, secrets.totpSecret, secrets.token, ...seen],
  };
}

function isValid(ctx: Context, { account, token }: TraderSecrets): boolean {
  const { token_expires_at: end, clock_skew_ms: skewMs } = account;
  if (token === '' || end === null) return false;
  return instant(new Date(ctx.now().getTime() + (skewMs ?? 0))) < end;
}
