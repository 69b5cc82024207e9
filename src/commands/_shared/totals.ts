import type { Context } from '../../context.ts';
import { formatRupees, type Rupees, sumOfMoney } from '../../domain/money.ts';

/** Says a line to a person once the rows are printed; a script gets rows alone. */
export function sayAfterwards({ io, globals }: Pick<Context, 'io' | 'globals'>, line: string): void {
  if (io.out.isTTY && globals.json === undefined && !globals.csv) io.afterwards.push(line);
}

/** Amounts together, as a terminal shows a gain: with its sign. */
export function totalText(amounts: readonly (Rupees | null | undefined)[]): string {
  const total = sumOfMoney(amounts.flatMap((amount) => amount ?? []));
  return `${total.startsWith('-') || Number(total) === 0 ? '' : '+'}${formatRupees(total)}`;
}
