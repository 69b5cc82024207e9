import type { TradingSymbol } from './symbol.ts';

/** The old and the new name of one share. */
export interface SymbolAlias {
  old_symbol: TradingSymbol;
  new_symbol: TradingSymbol;
}

/** What each old name means: through several renamings, the last name. There must be no cycle. */
export function resolveAliases(aliases: readonly SymbolAlias[]): Map<TradingSymbol, TradingSymbol> {
  const next = new Map(aliases.map((alias) => [alias.old_symbol, alias.new_symbol]));
  return new Map(
    aliases.map(({ old_symbol }) => [old_symbol, chainFrom(old_symbol, next).at(-1) as TradingSymbol]),
  );
}

/** Why an alias cannot stand beside others; undefined if it can, also where it replaces the same one. */
export function aliasProblem(
  { old_symbol, new_symbol }: SymbolAlias,
  others: readonly SymbolAlias[],
): string | undefined {
  const present = others.find((each) => each.old_symbol === old_symbol);
  if (present && present.new_symbol !== new_symbol)
    return `${old_symbol} is the old name of ${present.new_symbol} already`;
  const next = new Map(others.map((alias) => [alias.old_symbol, alias.new_symbol]));
  const chain = chainFrom(new_symbol, next);
  return chain.includes(old_symbol)
    ? `${chain.slice(0, chain.indexOf(old_symbol) + 1).join(' is called ')}: it would be its own old name`
    : undefined;
}

/** A name and those that follow it, up to one that has no alias or is there already. */
function chainFrom(symbol: TradingSymbol, next: ReadonlyMap<TradingSymbol, TradingSymbol>): TradingSymbol[] {
  const chain = [symbol];
  for (let name = next.get(symbol); name !== undefined && !chain.includes(name); name = next.get(name))
    chain.push(name);
  return chain;
}
