import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

const MAX_NAMED_SYMBOLS = 5;

/**
 * Prints which symbols no strategy trades and no open position holds: perhaps a typing error. Prints nothing if no
 * database is configured or reachable, as quotes do not need one.
 */
export async function warnUnusedSymbols(symbols: readonly string[], ctx: Context): Promise<void> {
  if ((await ctx.config()).database === undefined) return;
  const used = await findUsed(ctx).catch(() => undefined);
  if (!used) return ctx.signal.throwIfAborted();
  const unused = symbols.filter((symbol) => !used.has(symbol));
  if (unused.length === 0) return;
  const names = unused.slice(0, MAX_NAMED_SYMBOLS).join(', ');
  await ctx.io.say(
    `note: ${pluralize(unused.length, 'symbol')} that no strategy trades and nobody holds: ${names}${unused.length > MAX_NAMED_SYMBOLS ? ', …' : ''}`,
  );
}

/** Every symbol that is traded; undefined before the tables exist. */
async function findUsed(ctx: Context): Promise<Set<string> | undefined> {
  const { db, phase } = await ctx.source();
  if (phase < 1) return undefined;
  const { rows } = await sql<{ symbol: string }>`
    SELECT json_array_elements_text(symbols) AS symbol FROM strategies WHERE json_typeof(symbols) = 'array'
    ${phase < 2 ? sql`` : sql`UNION SELECT symbol FROM positions WHERE status = 'OPEN'`}`.execute(db);
  return new Set(rows.map(({ symbol }) => symbol));
}
