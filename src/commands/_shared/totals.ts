import type { Context } from '../../context.ts';
import { formatRupees, type Rupees, sumOfMoney } from '../../domain/money.ts';

type Shown = Pick<Context, 'io' | 'globals'>;

/** Whether rows are printed as a table for a person; a script gets rows alone. */
export const isForPerson = ({ io, globals }: Shown): boolean =>
  io.out.isTTY && globals.json === undefined && !globals.csv;

/** Says a line to a person once the rows are printed. */
export function sayAfterwards(shown: Shown, line: string): void {
  if (isForPerson(shown)) shown.io.afterwards.push(line);
}

/** Whether a column that scripts get only on request is printed. */
export function isPrinted(shown: Shown, column: string): boolean {
  const { json, columns } = shown.globals;
  const asked = typeof json === 'string' ? json : columns;
  if (asked === undefined) return json === true || isForPerson(shown);
  return asked === 'all' || asked.split(',').some((name) => name.trim() === column);
}

/** Amounts together, as a terminal shows a gain: with its sign. */
export function totalText(amounts: readonly (Rupees | null | undefined)[]): string {
  const total = sumOfMoney(amounts.flatMap((amount) => amount ?? []));
  return `${total.startsWith('-') || Number(total) === 0 ? '' : '+'}${formatRupees(total)}`;
}
