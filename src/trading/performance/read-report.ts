import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { requireNamed } from '../strategies/require-named.ts';
import { readBenchmark } from './benchmark-file.ts';
import { type Performance, performanceOf } from './read-performance.ts';
import { readUsers } from './read-users.ts';
import type { Report } from './report-rows.ts';
import type { Scope } from './scope.ts';

interface Asked {
  /** A file of closes. */
  benchmark: string | undefined;
  /** Percent a year. */
  riskFree: number;
  /** How many users are also shown alone, those who lost most first. */
  users: number;
}

/**
 * Reads the performance of a scope and of its users. Throws USER_NOT_FOUND, STRATEGY_NOT_FOUND, and a usage error for a file
 * that is no benchmark.
 */
export async function readReport(
  ctx: Context,
  scope: Scope,
  { benchmark, riskFree, users: most }: Asked,
): Promise<Report> {
  const closes = benchmark === undefined ? undefined : await readBenchmark(benchmark, ctx);
  const source = await ctx.source();
  await requireNamed(source.db, scope);
  const all = await performanceOf(source, scope, { closes, riskFree });
  const ids = most === 0 ? [] : await readUsers(source, scope, most + 1);
  const users: Performance[] = [];
  for (const user of ids.slice(0, most)) {
    ctx.signal.throwIfAborted();
    users.push(await performanceOf(source, { ...scope, user }, { closes, riskFree }));
  }
  if (ids.length > most && most > 0)
    await ctx.io.say(`There are more than these ${pluralize(most, 'user')}: --limit shows more.`);
  return { all, users };
}
