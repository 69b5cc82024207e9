import { sql } from 'kysely';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { aliasProblem, type SymbolAlias } from '../../domain/symbol-aliases.ts';
import { ALIASES_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { notFound, refused } from '../../util/failure.ts';
import { pluralize, shellWord } from '../../util/text.ts';
import { countBooked, readAliases, type StoredAlias } from './aliases.ts';

/**
 * Records that a symbol is the old name of another, from a trading day on (YYYY-MM-DD) or always. Changes nothing if that
 * is so already. Throws ALIAS_CONFLICT if it has another new name, or would be its own old name.
 */
export async function setAlias(ctx: Context, alias: SymbolAlias, from: string | undefined) {
  const { old_symbol } = alias;
  const { users, ...result } = await ctx.change(async (trx) => {
    const { isSame, before } = await putAlias(trx, alias, from);
    const from_date = from ?? null;
    const { in_force = true } = (await readAliases(trx)).find((each) => each.old_symbol === old_symbol) ?? {};
    const booked = (await countBooked(trx, [old_symbol])).get(old_symbol) ?? 0;
    const present = { ...alias, from_date, in_force, users: booked };
    const body = { before: before ? termsOf(before) : null, after: { ...alias, from_date } };
    return isSame ? unchanged(present) : changed(present, auditTarget('symbol', old_symbol), body);
  });
  if (users > 0)
    await ctx.io.say(
      `${pluralize(users, 'user')} ${users === 1 ? 'has' : 'have'} orders in ${old_symbol}. ${result.in_force ? 'Now' : `From ${from} on`} run: pinnacle position merge-symbol ${shellWord(old_symbol)} --all`,
    );
  return { ...result, users };
}

/** The same within the transaction of a change; whether it was so already, and the alias before. */
export async function putAlias(
  trx: Trx,
  alias: SymbolAlias,
  from: string | undefined,
): Promise<{ isSame: boolean; before: StoredAlias | undefined }> {
  await lockAliases(trx);
  const others = await readAliases(trx);
  const problem = aliasProblem(alias, others);
  const inTheWay = others.some(({ old_symbol }) => old_symbol === alias.old_symbol)
    ? alias.old_symbol
    : alias.new_symbol;
  if (problem !== undefined)
    throw refused(
      'ALIAS_CONFLICT',
      `${problem}.`,
      `See: pinnacle symbol list. To take one away: pinnacle symbol unalias ${shellWord(inTheWay)}`,
    );
  const before = others.find((each) => each.old_symbol === alias.old_symbol);
  const from_date = from ?? null;
  const isSame = before?.from_date === from_date;
  if (!isSame)
    await trx.db
      .insertInto('symbol_aliases')
      .values({ ...alias, from_date })
      .onConflict((conflict) => conflict.column('old_symbol').doUpdateSet({ from_date }))
      .execute();
  return { isSame, before };
}

/** Takes an alias away and returns it as it was. Throws SYMBOL_ALIAS_NOT_FOUND. What is booked stays. */
export function removeAlias(ctx: Context, old_symbol: TradingSymbol) {
  return ctx.change(async (trx) => {
    await lockAliases(trx);
    const alias = (await readAliases(trx)).find((each) => each.old_symbol === old_symbol);
    if (!alias) throw notFound('symbol alias', old_symbol, 'See: pinnacle symbol list');
    await trx.db.deleteFrom('symbol_aliases').where('old_symbol', '=', old_symbol).execute();
    const users = (await countBooked(trx, [old_symbol])).get(old_symbol) ?? 0;
    return changed({ ...alias, users }, auditTarget('symbol', old_symbol), { removed: termsOf(alias) });
  });
}

/** Two aliases that are added at once could make a cycle. */
async function lockAliases(trx: Trx): Promise<void> {
  needStep(trx, ALIASES_SINCE_STEP);
  await sql`LOCK TABLE symbol_aliases IN SHARE ROW EXCLUSIVE MODE`.execute(trx.db);
}

const termsOf = ({ old_symbol, new_symbol, from_date }: SymbolAlias & { from_date: string | null }) => ({
  old_symbol,
  new_symbol,
  from_date,
});
