import { setTimeout as sleep } from 'node:timers/promises';
import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import type { Endpoint } from '../../platform/brokers/angelone/http.ts';
import { type LoginAnswer, type LoginTokens, sendLogin } from '../../platform/brokers/angelone/login.ts';
import { placeOf } from '../../platform/secrets/broker-credentials.ts';
import { encrypt } from '../../platform/secrets/envelope.ts';
import { TOTP_STEP_MS, totpOf, totpStepAt, totpStepLeft } from '../../platform/secrets/totp.ts';
import { Failure, refused } from '../../util/failure.ts';
import { startOfDay } from '../../util/time.ts';
import { loadRing } from '../keyring/load.ts';
import { lockKeysShared } from '../keyring/locks.ts';
import { writeCredentials } from '../users/credentials.ts';
import { lockUser } from '../users/store.ts';
import { takeTotpStep, updateAccount } from './accounts.ts';
import { missing, type TraderSecrets } from './login-secrets.ts';

/** Less than this is left of a step: its password could be too late at the broker. */
const SOONEST_END_MS = 3_000;
/** A token is taken to end this much sooner than it says. */
const SAFETY_MS = 120_000;
const WRONG_TOTP = 'AB1050';
const POLL_MS = 1_000;
const MAX_WAITS = 3;

/** What logging in needs. */
export interface LoginOptions {
  endpoint: Endpoint;
  /** Waits until a login may be sent. */
  limit: () => Promise<void>;
  /** A one-time password that was typed, instead of one of the secret. */
  code?: string | undefined;
  /** The session that another process began meanwhile: looked for while this one waits for its turn. */
  findOther?: (() => Promise<string | undefined>) | undefined;
}

/**
 * Logs a trader in and stores the token, encrypted; returns it. No one-time password is sent twice, by whatever process:
 * waits up to 30 s for the next one. Throws BROKER_SESSION, BROKER_UNREACHABLE.
 */
export async function logIn(
  ctx: Context,
  user: UserId,
  secrets: TraderSecrets,
  options: LoginOptions,
): Promise<string> {
  if (secrets.pin === '') throw missing(user, 'broker_secret');
  if (options.code === undefined && secrets.totpSecret === '') throw missing(user, 'broker_totp');
  let skewMs = secrets.account.clock_skew_ms ?? 0;
  for (let attempt = 1; ; attempt++) {
    const turn = await nextCode(ctx, user, secrets, skewMs, options);
    if ('token' in turn) return turn.token;
    await options.limit();
    const login = { ...secrets, clientCode: secrets.account.client_code, totp: turn.code };
    const answer = await sendLogin(options.endpoint, login, ctx.now);
    ctx.signal.throwIfAborted();
    const before = skewMs;
    skewMs = answer.aheadMs ?? skewMs;
    if (answer.outcome === 'done') {
      await storeToken(ctx, user, answer.tokens, skewMs);
      return answer.tokens.jwt;
    }
    await updateAccount(await ctx.db(), user, { clock_skew_ms: skewMs });
    // The clocks differed: only now it is known by how much.
    const isOfClock =
      answer.outcome === 'refused' && answer.code === WRONG_TOTP && options.code === undefined;
    if (!isOfClock || attempt > 1 || Math.abs(skewMs - before) < SOONEST_END_MS)
      throw failureOf(user, answer, skewMs);
  }
}

/** A code that no process has sent, or the token that another process got while this one waited. */
async function nextCode(
  ctx: Context,
  user: UserId,
  secrets: TraderSecrets,
  skewMs: number,
  { code, findOther }: LoginOptions,
): Promise<{ code: string } | { token: string }> {
  const db = await ctx.db();
  let at = new Date(ctx.now().getTime() + skewMs);
  for (let waits = 0; ; waits++) {
    const isLate = totpStepLeft(at) < SOONEST_END_MS && code === undefined;
    const step = totpStepAt(at);
    if (!isLate && ((await takeTotpStep(db, user, step)) || code !== undefined))
      return { code: code ?? codeOf(user, secrets.totpSecret, step) };
    if (waits >= MAX_WAITS)
      throw new Failure('busy', 'BROKER_BUSY', `Other processes log ${user} in all the time.`, {
        retryable: true,
      });
    const left = totpStepLeft(at);
    if (waits === 0)
      await ctx.io.say(`Waiting ${Math.ceil(left / 1_000)} s for the next one-time password of ${user}.`);
    const other = await waitFor(ctx, left, findOther);
    if (other !== undefined) return { token: other };
    at = new Date(at.getTime() + left + 1);
  }
}

/** Waits, and looks for the session of another process meanwhile. */
async function waitFor(
  ctx: Context,
  ms: number,
  findOther: LoginOptions['findOther'],
): Promise<string | undefined> {
  for (let left = ms; left > 0; left -= POLL_MS) {
    await sleep(Math.min(left, POLL_MS), undefined, { signal: ctx.signal });
    const other = await findOther?.();
    if (other !== undefined) return other;
  }
  return undefined;
}

function codeOf(user: UserId, secret: string, step: number): string {
  try {
    return totpOf(secret, step);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw refused(
      'BROKER_SESSION',
      `The TOTP secret of ${user} ${error.message}.`,
      `Run: pinnacle user credentials set ${user} --field broker_totp`,
    );
  }
}

/** Stores the token of a login under the active key, with its end, in one change without any secret in its audit row. */
async function storeToken(ctx: Context, user: UserId, tokens: LoginTokens, skewMs: number): Promise<void> {
  const at = instant(ctx.now());
  const expiresAt = endOf(tokens, ctx.now());
  await ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    await lockUser(trx, user);
    const field = 'broker_token';
    await writeCredentials(trx, user, { [field]: encrypt(ring, placeOf(user, field), tokens.jwt) });
    await updateAccount(trx.db, user, {
      logged_in_at: at,
      token_expires_at: expiresAt,
      clock_skew_ms: skewMs,
    });
    const body = { field, key_id: ring.active.id, length: tokens.jwt.length, token_expires_at: expiresAt };
    // The command that needed the session goes on.
    return { ...changed(undefined, auditTarget('user', user), body), unfinished: true };
  });
}

/** When a token is taken to end: before it says so, or at midnight in India, when all of them do. */
function endOf({ endsAt }: LoginTokens, now: Date): Instant {
  const midnight = startOfDay(new Date(now.getTime() + 86_400_000), 'Asia/Kolkata');
  const end = endsAt !== undefined && endsAt.getTime() > now.getTime() ? endsAt : midnight;
  return instant(new Date(Math.max(end.getTime() - SAFETY_MS, now.getTime())));
}

const FIELDS: Record<string, string> = {
  AB1000: 'broker_secret',
  AB1002: 'broker_secret',
  AB1007: 'broker_secret',
  AB1050: 'broker_totp',
  AG8004: 'broker_api_key',
};

function failureOf(user: UserId, answer: Exclude<LoginAnswer, { outcome: 'done' }>, skewMs: number): Failure {
  if (answer.outcome === 'unreachable')
    return new Failure(
      'unreachable',
      'BROKER_UNREACHABLE',
      `The broker does not answer the login of ${user}: ${answer.text}.`,
      { retryable: true },
    );
  const field = FIELDS[answer.code];
  const clock =
    answer.code === WRONG_TOTP && Math.abs(skewMs) > TOTP_STEP_MS / 3
      ? ` The clock of the broker is ${Math.round(skewMs / 1_000)} s ahead of ours.`
      : '';
  return refused(
    'BROKER_SESSION',
    `The broker refuses the login of ${user}: ${answer.text} (${answer.code}).${clock}`,
    field === undefined
      ? undefined
      : `If it is wrong: pinnacle user credentials set ${user} --field ${field}`,
  );
}
