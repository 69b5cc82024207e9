import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { LimitedMethod } from '../../domain/rate-limits.ts';
import { sendLogout } from '../../platform/brokers/angelone/login.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { Failure, usage } from '../../util/failure.ts';
import { secretFromStdin } from '../keyring/read-secret.ts';
import { writeCredentials } from '../users/credentials.ts';
import { findUser, lockUser } from '../users/store.ts';
import { findAccount, updateAccount, writeClientCode } from './accounts.ts';
import { logIn } from './log-in.ts';
import { openSecrets } from './login-secrets.ts';
import { brokerKind, vendorEndpoint } from './open-broker.ts';
import { waitForSlot } from './rate-limits.ts';
import { eachTrader, namedTraders, requireCredentials } from './traders.ts';

interface LoginInput {
  user: UserId | undefined;
  /** Stored first. */
  clientCode: string | undefined;
  /** Whether stdin has a one-time password. */
  totpStdin: boolean;
}

/**
 * Logs one trader in, or all enabled ones who have a client code. Throws BROKER_SESSION, BROKER_UNREACHABLE, USER_DISABLED; of
 * several, rows say which failed.
 */
export async function logInTraders(ctx: Context, { user, clientCode, totpStdin }: LoginInput) {
  const users = await namedTraders(ctx, user, 'enabled');
  if (!(await hasLogins(ctx))) return [];
  const code = totpStdin ? await readCode(ctx) : undefined;
  if (user !== undefined && clientCode !== undefined) await storeClientCode(ctx, user, clientCode);
  const endpoint = await vendorEndpoint(ctx);
  return eachTrader(ctx, users, async (each) => {
    const secrets = await openSecrets(ctx, each);
    const limit = (method: LimitedMethod) => waitForSlot(ctx, each, method);
    if (!ctx.dryRun) await logIn(ctx, each, secrets, { endpoint, limit: () => limit('login'), code });
    return (await findAccount(await ctx.db(), each)) ?? secrets.account;
  });
}

/** Whether the broker of the configuration has logins; says so where it has none. */
async function hasLogins(ctx: Context): Promise<boolean> {
  needStep(await ctx.source(), BROKER_SINCE_STEP);
  await requireCredentials(ctx);
  const kind = await brokerKind(ctx);
  if (kind === 'angelone') return true;
  await ctx.io.say(`The broker is ${kind}: it needs no login.`);
  return false;
}

async function readCode(ctx: Context): Promise<string> {
  const code = await secretFromStdin(ctx, 'The one-time password');
  if (!/^\d{6}$/.test(code)) throw usage('The one-time password is not six digits.');
  return code;
}

async function storeClientCode(ctx: Context, user: UserId, code: string): Promise<void> {
  await ctx.change(async (trx) => {
    await lockUser(trx, user);
    const before = (await findAccount(trx.db, user))?.client_code ?? null;
    if (before === code) return unchanged(undefined);
    await writeClientCode(trx, user, code);
    if (before !== null) await writeCredentials(trx, user, { broker_token: '' });
    const body = { client_code: code, before };
    return { ...changed(undefined, auditTarget('user', user), body), unfinished: true as const };
  });
}

/** Ends the session of a trader at the broker, and forgets its token. Throws BROKER_UNREACHABLE where the broker does not answer. */
export async function logOutTrader(ctx: Context, user: UserId) {
  await findUser(await ctx.db(), user);
  if (!(await hasLogins(ctx))) return { user_id: user, client_code: null, logged_out: false };
  const secrets = await openSecrets(ctx, user);
  const { client_code } = secrets.account;
  if (secrets.token === '') {
    await ctx.io.say(`${user} is not logged in.`);
    return { user_id: user, client_code, logged_out: false };
  }
  if (!ctx.dryRun) {
    await waitForSlot(ctx, user, 'logout');
    const session = { clientCode: client_code, apiKey: secrets.apiKey, token: secrets.token };
    const problem = await sendLogout(await vendorEndpoint(ctx), session);
    ctx.signal.throwIfAborted();
    if (problem !== undefined)
      throw new Failure(
        'unreachable',
        'BROKER_UNREACHABLE',
        `The broker does not end the session of ${user}: ${problem}.`,
        { retryable: true },
      );
  }
  return ctx.change(async (trx) => {
    await lockUser(trx, user);
    await writeCredentials(trx, user, { broker_token: '' });
    await updateAccount(trx.db, user, { logged_in_at: null, token_expires_at: null });
    const result = { user_id: user, client_code, logged_out: true };
    return changed(result, auditTarget('user', user), { logged_out: true });
  });
}
