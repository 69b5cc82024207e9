import { bar } from '../../cli/charts/bar.ts';
import { formatPrice, formatRupees } from '../../domain/money.ts';
import { formatDuration } from '../../util/duration.ts';
import type { Look } from '../overview/open-day.ts';
import { MOST, type Trader } from '../overview/overview.ts';

/** The parts of the screen, in their order. */
export const PANES = ['attention', 'traders', 'orders', 'fills', 'notifications'] as const;
export type Pane = (typeof PANES)[number];

export type Tone = 'good' | 'bad' | 'warn' | 'dim';

/** A text of a table; colour never says what the text does not. */
export interface Cell {
  text: string;
  tone?: Tone | undefined;
}

/**
 * A row of a pane: what it is about, the words after `pinnacle` that show it, and the texts of its columns, which are made for what is in
 * sight only.
 */
export interface Item {
  id: string;
  user: string | null;
  show: readonly string[];
  cells: (unicode: boolean) => readonly Cell[];
}

interface Head {
  name: string;
  isNumber?: true;
  /** Left out where it is narrow, before others are. */
  minor?: true;
  /** Its texts may be cut. */
  mayBeCut?: true;
}

interface PaneOf {
  /** What stands above the first column, with how many rows there are in all. */
  title: (look: Look) => string;
  heads: readonly Head[];
  items: (look: Look) => readonly Item[];
}

/** An id as a word of a command line: one that begins with a dash is no flag. */
export const named = (id: string): string[] => (id.startsWith('-') ? ['--', id] : [id]);

const plain = (text: string | number | null): Cell => ({ text: text === null ? '-' : String(text) });
const dim = (text: string): Cell => ({ text, tone: 'dim' });
const numbers = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 4 });
const number = (value: number): Cell => plain(numbers.format(value));
/** Rupees; a loss has its sign. */
const money = (amount: string): Cell => ({
  text: formatRupees(amount),
  tone: Number(amount) < 0 ? 'bad' : Number(amount) > 0 ? 'good' : undefined,
});

/** How long ago a time was, by the clock of the database; in whole seconds, or in steps of some, so that a screen changes less often. */
export function ageText(at: string | null, now: string, stepSeconds = 1): string {
  if (at === null) return '-';
  const ms = Math.max(0, Date.parse(now) - Date.parse(at));
  if (ms >= 60_000) return formatDuration(ms);
  const seconds = Math.floor(ms / 1_000);
  return `${seconds - (seconds % stepSeconds)} s`;
}

/** The age of a row. */
const rowAge = (at: string, now: string) => plain(ageText(at, now, 10));

const BAR_CELLS = 8;

function drawdownCell({ drawdown, drawdown_limit: limit }: Trader, unicode: boolean): Cell {
  if (drawdown === null) return plain(null);
  if (limit === null || limit === 0) return plain(`${drawdown.toFixed(2)} %`);
  const share = drawdown / limit;
  const tone = share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : undefined;
  return {
    text: `${bar(Math.round(share * BAR_CELLS), BAR_CELLS, unicode)} ${drawdown.toFixed(2)} / ${limit.toFixed(2)} %`,
    tone,
  };
}

function stateCell({ halted, violated, in_session }: Trader): Cell {
  if (halted) return { text: 'HALTED', tone: 'bad' };
  if (violated > 0) return { text: 'VIOLATED', tone: 'bad' };
  return in_session ? plain('in session') : dim('no session');
}

const sideCell = (side: string): Cell => ({ text: side, tone: side === 'BUY' ? 'good' : 'bad' });
const levelCell = (level: string): Cell => ({ text: level, tone: level === 'WARNING' ? 'warn' : 'bad' });
const total = (name: string, shown: number, all: number) =>
  `${name} ${shown < all ? `${shown} of ${all}` : all}`;
/** Of what is not counted any further. */
const atLeast = (name: string, shown: number, most: number) =>
  `${name} ${shown < most ? shown : `${shown} or more`}`;

/** The first columns of working orders and of fills; the price of a MARKET order is its word. */
const TRADED: readonly Head[] = [
  { name: '', mayBeCut: true },
  { name: 'trader', mayBeCut: true },
  { name: 'side' },
  { name: 'quantity', isNumber: true },
  { name: 'symbol', mayBeCut: true },
  { name: 'price', isNumber: true },
];
const tradedCells = (
  id: string,
  { user_id, side, quantity, symbol }: Look['overview']['orders' | 'fills'][number],
): Cell[] => [dim(id), plain(user_id), sideCell(side), number(quantity), plain(symbol)];

/** What each part shows of a look. */
const PANE: Readonly<Record<Pane, PaneOf>> = {
  attention: {
    title: ({ overview: { totals, rules, halts } }) =>
      total('NEEDS YOU', halts.length + rules.length, totals.halts + totals.violated + totals.unevaluated),
    heads: [
      { name: '', mayBeCut: true },
      { name: 'what' },
      { name: 'why', mayBeCut: true },
      { name: 'age', minor: true },
    ],
    items: ({ overview: { at, halts, rules } }) => [
      ...halts.map(({ user_id, reason, halted_by, halted_at }) => ({
        id: `halt ${user_id}`,
        user: user_id,
        show: ['risk', 'status', ...(user_id === null ? [] : named(user_id))],
        cells: () => [
          plain(user_id ?? 'everyone'),
          { text: 'HALTED', tone: 'bad' as const },
          plain(`${reason} (by ${halted_by})`),
          rowAge(halted_at, at),
        ],
      })),
      ...rules.map(({ user_id, rule_type, is_violated, violation_message }) => ({
        id: `rule ${user_id} ${rule_type}`,
        user: user_id,
        show: ['risk', 'list', ...named(user_id)],
        cells: () => [
          plain(user_id),
          is_violated
            ? { text: 'VIOLATED', tone: 'bad' as const }
            : { text: 'UNKNOWN', tone: 'warn' as const },
          plain(violation_message),
          plain(''),
        ],
      })),
    ],
  },
  traders: {
    title: ({ overview: { totals, traders } }) => total('TRADERS', traders.length, totals.traders),
    heads: [
      { name: '', mayBeCut: true },
      { name: 'net', isNumber: true },
      { name: 'realized', isNumber: true, minor: true },
      { name: 'unrealized', isNumber: true },
      { name: 'drawdown' },
      { name: 'open', isNumber: true, minor: true },
      { name: 'working', isNumber: true, minor: true },
      { name: 'state' },
    ],
    items: ({ overview: { traders } }) =>
      traders.map((trader) => ({
        id: trader.user_id,
        user: trader.user_id,
        show: ['user', 'show', ...named(trader.user_id)],
        cells: (unicode) => [
          plain(trader.user_id),
          money(trader.net_pnl),
          money(trader.realized_pnl),
          money(trader.unrealized_pnl),
          drawdownCell(trader, unicode),
          plain(trader.positions),
          plain(trader.working),
          stateCell(trader),
        ],
      })),
  },
  orders: {
    title: ({ overview: { totals, orders } }) => total('WORKING', orders.length, totals.working),
    heads: [
      ...TRADED,
      { name: 'filled', isNumber: true, minor: true },
      { name: 'status' },
      { name: 'strategy', minor: true, mayBeCut: true },
      { name: 'age' },
    ],
    items: ({ overview: { at, orders } }) =>
      orders.map((order) => ({
        id: order.order_id,
        user: order.user_id,
        show: ['order', 'show', ...named(order.order_id)],
        cells: () => [
          ...tradedCells(order.order_id, order),
          order.order_type === 'MARKET' ? plain('MARKET') : plain(formatPrice(order.price)),
          number(order.filled_quantity),
          plain(order.status),
          plain(order.strategy_id),
          rowAge(order.created_at, at),
        ],
      })),
  },
  fills: {
    title: ({ overview: { fills } }) => atLeast('FILLS', fills.length, MOST.fills),
    heads: [
      ...TRADED,
      { name: 'realized', isNumber: true },
      { name: 'strategy', minor: true, mayBeCut: true },
      { name: 'age' },
    ],
    items: ({ overview: { at, fills } }) =>
      fills.map((fill) => ({
        id: fill.fill_id,
        user: fill.user_id,
        show: ['order', 'show', ...named(fill.order_id)],
        cells: () => [
          ...tradedCells(fill.fill_id, fill),
          plain(formatPrice(fill.price)),
          money(fill.realized_pnl),
          plain(fill.strategy_id),
          rowAge(fill.executed_at, at),
        ],
      })),
  },
  notifications: {
    title: ({ overview: { notifications } }) => atLeast('ALERTS', notifications.length, MOST.notifications),
    heads: [
      { name: '', mayBeCut: true },
      { name: 'trader', mayBeCut: true },
      { name: 'title', mayBeCut: true },
      { name: 'message', mayBeCut: true },
      { name: 'age' },
    ],
    items: ({ overview: { at, notifications } }) =>
      notifications.map((each) => ({
        id: each.notification_id,
        user: each.user_id,
        show: ['notification', 'show', ...named(each.notification_id)],
        cells: () => [
          levelCell(each.alert_level),
          plain(each.user_id ?? 'everyone'),
          plain(each.title),
          plain(each.message),
          rowAge(each.created_at, at),
        ],
      })),
  },
};

export const headsOf = (pane: Pane): readonly Head[] => PANE[pane].heads;

/** What stands above the first column of a part, with how many rows there are in all. */
export const titleOf = (look: Look, pane: Pane): string => PANE[pane].title(look);

const items = new WeakMap<Look, Map<Pane, readonly Item[]>>();

/** The rows of a part, made once for a look. */
export function itemsOf(look: Look | undefined, pane: Pane): readonly Item[] {
  if (look === undefined) return [];
  const known = items.get(look) ?? new Map<Pane, readonly Item[]>();
  const found = known.get(pane) ?? PANE[pane].items(look);
  items.set(look, known.set(pane, found));
  return found;
}
