import { compareFunds } from './compare-funds.ts';
import { compareOrders } from './compare-orders.ts';
import { comparePositions } from './compare-positions.ts';
import {
  type ComparisonClock,
  type Difference,
  differenceOf,
  type OurBook,
  rowsOf,
  type TheirBooks,
} from './difference.ts';

/** What to compare; orders and their executions always come first, because they explain positions. */
export type Scope = 'orders' | 'positions' | 'funds';

/**
 * The differences of our book and the books of the broker that were asked for. A book that did not come is one difference,
 * and nothing is concluded from it: positions are compared only where both orders and trades came or were not asked for.
 */
export function compareBooks(
  book: OurBook,
  books: TheirBooks,
  clock: ComparisonClock,
  scopes: readonly Scope[],
): Difference[] {
  const { differences, movements } = compareOrders(book, books, clock);
  const explained = books.orders === undefined || rowsOf(books.orders) !== undefined;
  const booked = books.trades === undefined || rowsOf(books.trades) !== undefined;
  return [
    ...unanswered(books),
    ...(scopes.includes('orders') ? differences : []),
    ...(scopes.includes('positions') && explained && booked ? comparePositions(book, books, movements) : []),
    ...(scopes.includes('funds') ? compareFunds(book, books) : []),
  ];
}

/** The books that did not come. */
function unanswered(books: TheirBooks): Difference[] {
  return Object.entries(books).flatMap(([name, answer]) =>
    answer && 'failed' in answer
      ? [
          differenceOf({
            class: 'UNANSWERED',
            severity: 'ERROR',
            theirs: `${name}: ${answer.failed}`,
            suggestion: 'nothing is concluded from it: ask again',
          }),
        ]
      : [],
  );
}
