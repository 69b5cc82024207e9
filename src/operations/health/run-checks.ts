import { CompiledQuery } from 'kysely';
import type { Context } from '../../context.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import { changesOf, describeLacking, lastPhase, readHistory } from '../migrations/history.ts';
import { loadSteps, newestPhase } from '../migrations/scripts.ts';
import type { Check, CheckContext } from './check.ts';
import { CHECKS } from './checks.ts';
import { readServerStats } from './server-stats.ts';

/** Runs the checks that are chosen; with `fix` repairs what it can, and runs that check again. */
export async function runChecks(ctx: Context, isChosen: (check: Check) => boolean, fix: boolean) {
  const chosen = CHECKS.filter(isChosen);
  const context = await prepare(ctx).catch((error) => absence(ctx, error));
  // A check that was asked for by name is not passed over.
  if (context instanceof Failure && chosen.every((check) => !check.alone && check.name !== 'connection'))
    throw context;
  const rows = [];
  for (const check of chosen) {
    const verdict =
      context instanceof Failure ? withoutDatabase(check, ctx, context) : runCheck(check, context, fix);
    rows.push({ check: check.name, ...(await verdict) });
  }
  return rows;
}

/** The failure of an embedded database that is not created yet, beside which there is much to check; throws any other. */
async function absence(ctx: Context, error: unknown): Promise<Failure> {
  if (!(error instanceof Failure) || error.code !== 'NO_DATABASE') throw error;
  // Throws where no database is configured either.
  await ctx.server();
  return error;
}

async function withoutDatabase(check: Check, ctx: Context, { message, details }: Failure) {
  const { alone } = check;
  if (alone) return { ...(await guarded(check, ctx, () => alone({ ctx, kind: 'embedded' }))), fixed: false };
  const verdict =
    check.name === 'connection' ? fail(message, details.hint) : ok('skipped: there is no database');
  return { ...verdict, fixed: false };
}

async function prepare(ctx: Context): Promise<CheckContext> {
  const { kind, kysely: db } = await ctx.connection();
  // The first statement also connects: what is timed comes after it, and before anything else takes the processor.
  const [steps, history] = await Promise.all([loadSteps(), readHistory(db)]);
  const sent = ctx.now().getTime();
  const started = performance.now();
  const stats = await readServerStats(db);
  const roundTripMs = performance.now() - started;
  return {
    ctx,
    kind,
    db,
    query: async <Row>(statement: string, ...values: unknown[]) =>
      (await db.executeQuery(CompiledQuery.raw(statement, values))).rows as Row[],
    server: { ...stats, roundTripMs, aheadMs: Date.parse(stats.clock) - (sent + roundTripMs / 2) },
    rollout: {
      phase: lastPhase(history),
      newest: newestPhase(steps),
      lacking: describeLacking(steps, history),
      changes: changesOf(steps, history),
    },
  };
}

async function runCheck(
  check: Check,
  context: CheckContext,
  fix: boolean,
): Promise<Verdict & { fixed: boolean }> {
  const found = await verdictOf(check, context);
  if (!fix || found.state === 'ok' || !check.fix) return { ...found, fixed: false };
  try {
    await check.fix(context);
  } catch (error) {
    const { message } = (await context.ctx.explain(error)) as Error;
    return { ...found, detail: `${found.detail}; could not be repaired: ${message}`, fixed: false };
  }
  const after = await verdictOf(check, context);
  return { ...after, detail: `${after.detail}; was: ${found.detail}`, fixed: after.state === 'ok' };
}

async function verdictOf(check: Check, context: CheckContext): Promise<Verdict> {
  const { phase = 0, embedded } = check;
  if (phase > context.rollout.phase) return ok(`skipped: needs schema phase ${phase}`);
  if (embedded !== undefined && context.kind === 'embedded') return ok(embedded);
  return guarded(check, context.ctx, () => (check.alone ? check.alone(context) : check.run(context)));
}

/** The verdict with the help of the check; what keeps a check from its answer is a warning, if others can answer. */
async function guarded({ help }: Check, ctx: Context, run: () => Promise<Verdict>): Promise<Verdict> {
  try {
    const verdict = await run();
    return verdict.state === 'ok' ? verdict : { ...verdict, help: verdict.help ?? help ?? null };
  } catch (error) {
    if (isPermissionDenied(error)) return warn('this login may not read it', 'Log in as pinnacle_operator.');
    const failure = await ctx.explain(error);
    if (failure instanceof Failure && /^(FOLDER_UNUSABLE|ENGINE_MISSING)$/.test(failure.code))
      return warn(failure.message, failure.details.hint);
    // Without the database no check can run; without Redis the others still can.
    if (!(failure instanceof Failure && failure.code.startsWith('REDIS_'))) throw failure;
    return warn('unknown while Redis does not answer', 'pinnacle doctor --check redis');
  }
}
