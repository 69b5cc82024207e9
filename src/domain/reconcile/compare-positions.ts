import type { Product } from '../enums.ts';
import { Decimal } from '../money.ts';
import type { TradingSymbol } from '../symbol.ts';
import { isNear } from './compare-fills.ts';
import { type Difference, differenceOf, type OurBook, rowsOf, type TheirBooks } from './difference.ts';
import type { Movements } from './movements.ts';

/** What one side has of a symbol: signed shares, and what they cost, NaN where a price is not known. */
interface Net {
  quantity: number;
  /** Rupees per share; null where it is not known, or the strategies oppose each other. */
  average_price: number | null;
}

/** A symbol and product on both sides. */
export interface NetPair {
  symbol: TradingSymbol;
  /** Null where one side names none: then all products are compared as one. */
  product: Product | null;
  ours: Net;
  theirs: Net;
  /** Signed shares of executions that are known and not booked here. */
  movement: number;
  pledged: number;
}

/**
 * What both sides have, by symbol and product, as a broker nets it: over all strategies. Delivery is what was bought today
 * and what is in the depository; a position without a product may be of any. Undefined without the positions of the broker;
 * without its holdings, delivery is left out.
 */
export function netPairs(
  { positions }: Pick<OurBook, 'positions'>,
  books: TheirBooks,
  movements: Movements,
): NetPair[] | undefined {
  const theirPositions = rowsOf(books.positions);
  if (!theirPositions) return undefined;
  const holdings = rowsOf(books.holdings);
  const parts = new Map<TradingSymbol, Part[]>();
  const add = (symbol: TradingSymbol, part: Part) => parts.set(symbol, [...(parts.get(symbol) ?? []), part]);
  for (const { symbol, product, quantity, average_price } of positions)
    add(symbol, { side: 'ours', product: delivered(product), quantity, average_price });
  for (const { symbol, product, quantity, average_price } of theirPositions)
    add(symbol, { side: 'theirs', product: delivered(product), quantity, average_price });
  for (const { symbol, quantity, average_price, pledged } of holdings ?? [])
    add(symbol, { side: 'theirs', product: 'CNC', quantity, average_price, pledged });
  for (const [symbol, products] of movements)
    for (const [product, quantity] of products)
      add(symbol, { side: 'movement', product: delivered(product), quantity, average_price: null });
  return [...parts].flatMap(([symbol, list]) =>
    productsOf(list)
      .filter((product) => holdings !== undefined || (product !== null && product !== 'CNC'))
      .map((product) => pairOf(symbol, product, list)),
  );
}

interface Part {
  side: 'ours' | 'theirs' | 'movement';
  product: Product | null;
  quantity: number;
  average_price: number | null;
  pledged?: number;
}

/** Shares that are financed are delivered as well. */
const delivered = (product: Product | null): Product | null => (product === 'MTF' ? 'CNC' : product);

function productsOf(parts: readonly Part[]): (Product | null)[] {
  const products = new Set(parts.filter(({ quantity }) => quantity !== 0).map(({ product }) => product));
  return products.has(null) ? [null] : [...products].sort();
}

function pairOf(symbol: TradingSymbol, product: Product | null, parts: readonly Part[]): NetPair {
  const of = (side: Part['side']) =>
    parts.filter((part) => part.side === side && (product === null || part.product === product));
  const theirs = of('theirs');
  return {
    symbol,
    product,
    ours: netOf(of('ours'), true),
    theirs: netOf(theirs, false),
    movement: of('movement').reduce((sum, { quantity }) => sum + quantity, 0),
    pledged: theirs.reduce((sum, { pledged = 0 }) => sum + pledged, 0),
  };
}

/** Strategies that oppose each other have no average; shares that were sold today have that of those in the depository. */
function netOf(parts: readonly Part[], areStrategies: boolean): Net {
  const lots = parts.filter(({ quantity }) => quantity !== 0);
  const quantity = lots.reduce((sum, lot) => sum + lot.quantity, 0);
  const along = lots.filter((lot) => Math.sign(lot.quantity) === Math.sign(quantity));
  const [only] = along;
  if (quantity === 0 || (areStrategies && along.length < lots.length))
    return { quantity, average_price: null };
  if (along.length < lots.length)
    return { quantity, average_price: along.length === 1 && only ? only.average_price : null };
  let cost = new Decimal(0);
  for (const lot of lots) {
    if (lot.average_price === null) return { quantity, average_price: null };
    cost = cost.plus(new Decimal(lot.average_price).times(lot.quantity));
  }
  return { quantity, average_price: cost.div(quantity).toNumber() };
}

/**
 * Compares positions: shares exactly, average prices within 0.01 %. What executions explain that are known and not booked
 * yet is no further difference.
 */
export function comparePositions(
  book: Pick<OurBook, 'positions'>,
  books: TheirBooks,
  movements: Movements,
): Difference[] {
  const pairs = netPairs(book, books, movements) ?? [];
  return pairs.flatMap((pair) => [...compareNet(pair), ...pledgedOf(pair)]);
}

function compareNet(pair: NetPair): Difference[] {
  const { symbol, product, ours, theirs, movement } = pair;
  const open = theirs.quantity - ours.quantity;
  if (open === movement) return movement === 0 ? compareAverage(pair) : [];
  const ratio = movement === 0 ? ratioOf(ours, theirs) : undefined;
  const parts = {
    symbol,
    product,
    ours: positionText(ours),
    theirs: positionText(theirs),
    difference: String(open),
  };
  if (ratio)
    return [
      differenceOf({
        ...parts,
        class: 'POSITION_RATIO',
        severity: 'ERROR',
        suggestion: `${ratio} shares at the same cost: corporate-action add a split or a bonus, then apply it`,
      }),
    ];
  return [
    differenceOf({
      ...parts,
      class: 'POSITION_QUANTITY',
      severity: 'CRITICAL',
      suggestion:
        movement === 0
          ? 'nothing explains it: ask the broker, then reconcile adopt --position'
          : `executions that are not booked explain ${movement} of it: book them first`,
    }),
  ];
}

function compareAverage({ symbol, product, ours, theirs }: NetPair): Difference[] {
  const { average_price: our } = ours;
  const { average_price: their } = theirs;
  if (our === null || their === null || their <= 0) return [];
  if (isNear(new Decimal(our), new Decimal(their))) return [];
  return [
    differenceOf({
      class: 'POSITION_AVERAGE',
      severity: 'WARNING',
      symbol,
      product,
      ours: String(our),
      theirs: String(their),
      difference: new Decimal(their).minus(our).toFixed(),
      suggestion: 'never repaired: look at the executions of the position, with fill list',
    }),
  ];
}

function pledgedOf({ symbol, product, theirs, pledged }: NetPair): Difference[] {
  if (pledged === 0) return [];
  return [
    differenceOf({
      class: 'HOLDING_PLEDGED',
      severity: 'INFO',
      symbol,
      product,
      theirs: `${pledged} of ${theirs.quantity} pledged`,
      suggestion: 'pledged shares cannot be sold before they are released',
    }),
  ];
}

const positionText = ({ quantity, average_price }: Net): string =>
  average_price === null ? String(quantity) : `${quantity} at ${Number(average_price.toPrecision(12))}`;

const MAX_TERM = 10;
/** Costs that differ by less than this part agree: a broker rounds the new average. */
const COST_TOLERANCE = '0.01';

/** The ratio of two quantities as of a split or bonus, such as 5:1, where both cost the same; undefined for any other. */
function ratioOf(ours: Net, theirs: Net): string | undefined {
  const { quantity: our, average_price: ourPrice } = ours;
  const { quantity: their, average_price: theirPrice } = theirs;
  if (ourPrice === null || theirPrice === null || our * their <= 0) return undefined;
  const cost = new Decimal(ourPrice).times(our);
  if (new Decimal(theirPrice).times(their).minus(cost).abs().gt(cost.abs().times(COST_TOLERANCE)))
    return undefined;
  const divisor = commonDivisor(Math.abs(our), Math.abs(their));
  const terms = [Math.abs(their) / divisor, Math.abs(our) / divisor];
  return terms.every((term) => term <= MAX_TERM) ? terms.join(':') : undefined;
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
