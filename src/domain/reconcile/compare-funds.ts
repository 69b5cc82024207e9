import { Decimal, toPaisa } from '../money.ts';
import { type Difference, differenceOf, type OurBook, rowsOf, type TheirBooks } from './difference.ts';

/**
 * Compares the capital of a user with what is free at the broker, to the paisa; or with that and what is utilised there.
 * It is shown and never repaired: the capital is that of the ledger.
 */
export function compareFunds({ capital }: Pick<OurBook, 'capital'>, books: TheirBooks): Difference[] {
  const funds = rowsOf(books.funds);
  if (!funds) return [];
  const { net, utilised, collateral } = funds;
  const ours = toPaisa(capital);
  const free = toPaisa(net);
  const all = utilised === null ? free : toPaisa(new Decimal(net).plus(utilised));
  if (ours === free || ours === all) return [];
  const parts = [
    ...(utilised === null ? [] : [`${toPaisa(utilised)} utilised`]),
    ...(collateral === null ? [] : [`${toPaisa(collateral)} collateral`]),
  ];
  return [
    differenceOf({
      class: 'FUNDS',
      severity: 'WARNING',
      ours,
      theirs: parts.length === 0 ? free : `${free}, ${parts.join(', ')}`,
      difference: toPaisa(new Decimal(net).minus(ours)),
      suggestion: 'never repaired: payments and charges are not booked by reconciling',
    }),
  ];
}
