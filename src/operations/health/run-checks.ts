import type { Context } from '../../context.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check, CheckContext } from './check.ts';
import type { CheckName } from './check-names.ts';
import { backup, disk, keyring, roles } from './checks-host.ts';
import { prepare } from './checks-postgres.ts';
import { lifetimes, redis, replicas } from './checks-redis.ts';
import { orders, outbox, partitions, rules, sealing, sessions } from './checks-trading.ts';

/** Makes the checks that are named, in that order; with `fix` puts right what can be, and looks again. */
export async function runChecks(ctx: Context, names: readonly CheckName[], fix: boolean) {
  const { scene, checks } = await prepare(ctx);
  const all: Record<CheckName, Check> = {
    ...checks,
    ...{ replicas, redis, outbox, lifetimes, sealing, orders, sessions, rules, partitions },
    ...{ roles, keyring, backup, disk },
  };
  const rows = [];
  for (const check of names) rows.push({ check, ...(await runCheck(all[check], scene, fix)) });
  return rows;
}

async function runCheck(
  check: Check,
  scene: CheckContext,
  fix: boolean,
): Promise<Verdict & { fixed: boolean }> {
  const found = await look(check, scene);
  if (!fix || found.state === 'ok' || !check.fix) return { ...found, fixed: false };
  try {
    await check.fix(scene);
  } catch (error) {
    const { message } = (await scene.ctx.explain(error)) as Error;
    return { ...found, detail: `${found.detail}; could not be put right: ${message}`, fixed: false };
  }
  const after = await look(check, scene);
  return { ...after, detail: `${after.detail}; was: ${found.detail}`, fixed: after.state === 'ok' };
}

async function look(check: Check, scene: CheckContext): Promise<Verdict> {
  if ((check.phase ?? 0) > scene.phase) return ok(`comes with phase ${check.phase} of the schema`);
  try {
    return await check.look(scene);
  } catch (error) {
    if (isPermissionDenied(error)) return warn('this login may not look', 'Look as pinnacle_operator.');
    const failure = await scene.ctx.explain(error);
    // Without the database nothing can be told of it; without Redis the rest still can.
    if (!(failure instanceof Failure && failure.code.startsWith('REDIS_'))) throw failure;
    return warn('cannot be told while Redis does not answer', 'pinnacle doctor --check redis');
  }
}
