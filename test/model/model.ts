/**
 * A small model of the system for one trader `u` with a strategy `s`: what every command must answer, and what the
 * book must then hold. Written apart from the program, in plain numbers.
 */

type Side = 'BUY' | 'SELL';
const SIGN = { BUY: 1, SELL: -1 } as const;

export interface ModelOrder {
  id: string;
  symbol: string;
  strategy: string;
  /** '' where nobody said. */
  product: string;
  side: Side;
  quantity: number;
  filled: number;
  value: number;
  status: string;
  retries: number;
  fills: Map<string, string>;
}

export interface Holding {
  /** Signed shares. */
  shares: number;
  average: number;
  mark: number;
  /** Realized since it was opened, in rupees. */
  realized: number;
}

interface ModelSession {
  orders: number;
  filled: number;
  pnl: number;
  start: number;
  peak: number;
  drawdown: number;
}

export interface Model {
  capital: number;
  orders: ModelOrder[];
  holdings: Map<string, Holding>;
  strategy: { active: boolean; orders: number; filled: number; pnl: number };
  session: ModelSession | undefined;
  /** The highest peak and the largest drawdown of the sessions that ended: all are of one trading day. */
  earlier: Pick<ModelSession, 'peak' | 'drawdown'>;
  ended: number;
  /** Under the reference of each, unique among all: paid in positive, and whether it was countered. */
  flows: { reference: string; amount: number; reversed: boolean }[];
  halted: boolean;
  limit: number | undefined;
  notices: Record<string, number>;
  fills: number;
  races: number;
}

/** One thing an operator may do; numbers pick among what there is. */
export type Action =
  | { do: 'place'; symbol: number; side: Side; quantity: number; strategy: boolean }
  | { do: 'fill'; order: number; thirds: number; price: number; overfill: boolean }
  | { do: 'repeat'; order: number; other: boolean }
  | { do: 'cancel' | 'accept' | 'reject' | 'retry'; order: number }
  | { do: 'amend'; order: number; quantity: number }
  | { do: 'mark'; symbol: number; price: number }
  | { do: 'close'; holding: number; price: number }
  | { do: 'race'; quantity: number; price: number }
  | { do: 'limit'; value: number }
  | { do: 'deposit'; rupees: number }
  | { do: 'withdraw'; share: number; force: boolean }
  | { do: 'again' | 'reverse'; flow: number }
  | { do: 'start' | 'end' | 'halt' | 'resume' | 'activate' };

/** Command lines to run, together where there are several, and the exit code each must end with. */
export interface Plan {
  lines: string[];
  code: number;
}

const SYMBOLS = ['TCS', 'INFY'];
const WORKING = ['PENDING', 'PLACED', 'PARTIALLY_FILLED'];

export function newModel(): Model {
  return {
    capital: 100_000,
    orders: [],
    holdings: new Map(),
    strategy: { active: true, orders: 0, filled: 0, pnl: 0 },
    session: undefined,
    earlier: { peak: Number.NEGATIVE_INFINITY, drawdown: 0 },
    ended: 0,
    flows: [],
    halted: false,
    limit: undefined,
    notices: {},
    fills: 0,
    races: 0,
  };
}

/** Positions are netted by product as well. */
const keyOf = ({ symbol, strategy, product }: Pick<ModelOrder, 'symbol' | 'strategy' | 'product'>) =>
  `${symbol}/${strategy}/${product}`;
const isWorking = (order: ModelOrder) => WORKING.includes(order.status);
const paisa = (rupees: number) => Math.sign(rupees) * Math.round(Math.abs(rupees) * 100 + 1e-7);

function equityOf(model: Model, session: ModelSession): number {
  let unrealized = 0;
  for (const { shares, average, mark } of model.holdings.values())
    unrealized += paisa(shares * (mark - average)) / 100;
  return session.start + session.pnl + unrealized;
}

function moveEquity(model: Model): void {
  const { session } = model;
  if (!session) return;
  const equity = equityOf(model, session);
  session.peak = Math.max(session.peak, equity);
  session.drawdown = Math.max(session.drawdown, ((session.peak - equity) / session.peak) * 100);
}

/** Books a fill of an order that can take it. */
function book(model: Model, order: ModelOrder, quantity: number, price: number, id: string): void {
  const late = order.status === 'CANCELLED';
  const before = order.status;
  order.filled += quantity;
  order.value += quantity * price;
  order.fills.set(id, `${quantity}@${price}`);
  model.fills++;
  if (order.filled >= order.quantity) order.status = 'FILLED';
  else if (!late) order.status = 'PARTIALLY_FILLED';
  const completes = order.status === 'FILLED' && before !== 'FILLED';
  const idle = order.strategy === 's' && !model.strategy.active;
  const level =
    order.filled > order.quantity ? 'CRITICAL' : late || idle ? 'WARNING' : completes ? 'INFO' : undefined;
  if (level) notice(model, `ORDER_FILLED ${level}`);
  const credited = net(model, order, quantity, price);
  model.capital += credited;
  if (order.strategy === 's') {
    model.strategy.pnl += credited;
    model.strategy.filled += Number(completes);
  }
  if (!model.session) return;
  model.session.pnl += credited;
  model.session.filled += Number(completes);
  moveEquity(model);
}

function net(model: Model, order: ModelOrder, quantity: number, price: number): number {
  const key = keyOf(order);
  const held = model.holdings.get(key);
  const moved = SIGN[order.side] * quantity;
  if (!held || Math.sign(held.shares) === Math.sign(moved)) {
    const shares = (held?.shares ?? 0) + moved;
    const average = ((held?.average ?? 0) * (held?.shares ?? 0) + price * moved) / shares;
    model.holdings.set(key, { shares, average, mark: price, realized: held?.realized ?? 0 });
    return 0;
  }
  const closing = Math.min(quantity, Math.abs(held.shares));
  const realized = held.realized + (price - held.average) * closing * Math.sign(held.shares);
  const credited = (paisa(realized) - paisa(held.realized)) / 100;
  const left = held.shares + moved;
  if (left === 0) model.holdings.delete(key);
  else if (Math.sign(left) === Math.sign(held.shares))
    model.holdings.set(key, { ...held, shares: left, mark: price, realized });
  else model.holdings.set(key, { shares: left, average: price, mark: price, realized: 0 });
  return credited;
}

/** What could be taken out: nothing is set aside for the strategy. */
function freeOf(model: Model): number {
  const losses = [...model.holdings.values()].map(({ shares, average, mark }) =>
    Math.min(0, paisa(shares * (mark - average)) / 100),
  );
  const free = losses.reduce((sum, loss) => sum + loss, model.capital);
  return Math.round(free * 100) / 100;
}

/** Money moves the capital, and a session of the day as a whole. */
function moveMoney(model: Model, amount: number): void {
  model.capital += amount;
  if (model.ended > 0) model.earlier.peak += amount;
  if (!model.session) return;
  model.session.start += amount;
  model.session.peak += amount;
}

function flowLine({ reference, amount }: Model['flows'][number], force = false): string {
  const verb = amount > 0 ? 'deposit' : 'withdraw';
  return `user ${verb} u ${Math.abs(amount)} --reference ${reference}${force ? ' --force --reason r' : ''}`;
}

function notice(model: Model, kind: string): void {
  model.notices[kind] = (model.notices[kind] ?? 0) + 1;
}

/** Whether an order of this many shares can only shrink what is held; `self` is the order itself, if it is placed. */
function reduces(model: Model, order: ModelOrder, quantity: number): boolean {
  const held = model.holdings.get(keyOf(order));
  if (!held || Math.sign(held.shares) === SIGN[order.side]) return false;
  const working = model.orders
    .filter((other) => other !== order && isWorking(other) && other.side === order.side)
    .filter((other) => keyOf(other) === keyOf(order))
    .reduce((sum, other) => sum + other.quantity - other.filled, 0);
  return working + quantity <= Math.abs(held.shares);
}

function admits(model: Model, order: ModelOrder, quantity: number, isNew: boolean): boolean {
  if (reduces(model, order, quantity)) return true;
  if (isNew && model.limit !== undefined && model.orders.length + 1 > model.limit) return false;
  return !model.halted && (order.strategy !== 's' || model.strategy.active);
}

function newOrder(
  model: Model,
  symbol: string,
  side: Side,
  quantity: number,
  [strategy, product = '']: readonly [string, string?],
): ModelOrder {
  const id = `o${model.orders.length + 1}`;
  const nothing = { filled: 0, value: 0, retries: 0, fills: new Map() };
  return { id, symbol, side, quantity, strategy, product, status: 'PENDING', ...nothing };
}

function enter(model: Model, order: ModelOrder): void {
  model.orders.push(order);
  if (order.strategy === 's') model.strategy.orders++;
  if (model.session) model.session.orders++;
}

function placeLine({ id, symbol, side, quantity, strategy, product }: ModelOrder): string {
  const terms = `--symbol ${symbol} --side ${side} --quantity ${quantity} --price 100`;
  return `order place --order-id ${id} --user u ${terms}${strategy ? ' --strategy s' : ''}${product ? ` --product ${product}` : ''}`;
}

const fillLine = (order: ModelOrder, quantity: number, price: number, id: string) =>
  `order fill ${order.id} --quantity ${quantity} --price ${price} --broker-fill-id ${id}`;

const one = (line: string, works: boolean): Plan => ({ lines: [line], code: works ? 0 : 5 });

type Named<K> = Action extends infer A
  ? A extends { do: infer D }
    ? K extends D
      ? A
      : never
    : never
  : never;
type Move<K extends Action['do']> = (model: Model, action: Named<K>) => Plan | undefined;

function pick<T>(all: readonly T[], n: number): T | undefined {
  return all[n % Math.max(1, all.length)];
}

/** An order: mostly one that is working, because the others refuse nearly everything. */
function target(model: Model, n: number): ModelOrder | undefined {
  const working = model.orders.filter(isWorking);
  return pick(n % 4 > 0 && working.length > 0 ? working : model.orders, n);
}

type StepMove = (model: Model, action: { order: number }) => Plan | undefined;

const step =
  (to: string, from: readonly string[], line: (order: ModelOrder) => string): StepMove =>
  (model, action) => {
    const order = target(model, action.order);
    if (!order) return undefined;
    if (order.status === to && to !== 'PENDING') return one(line(order), true);
    const works =
      from.includes(order.status) && (to !== 'PENDING' || admits(model, order, order.quantity, false));
    if (works) {
      order.status = to;
      order.retries += Number(to === 'PENDING');
      if (to === 'REJECTED') notice(model, 'ORDER_REJECTED ERROR');
    }
    return one(line(order), works);
  };

const MOVES: { [K in Action['do']]: Move<K> } = {
  place(model, { symbol, side, quantity, strategy }) {
    const order = newOrder(model, pick(SYMBOLS, symbol) ?? '', side, quantity, [
      strategy ? 's' : '',
      // Mostly none, so that orders meet in a position.
      pick(['', 'CNC', '', 'MIS', '', 'NRML', ''], quantity) ?? '',
    ]);
    const works = admits(model, order, quantity, true);
    if (works) enter(model, order);
    return one(placeLine(order), works);
  },
  fill(model, { order: n, thirds, price, overfill }) {
    const order = target(model, n);
    if (!order) return undefined;
    // A third, two, all of what is left, or more than that.
    const quantity = Math.max(1, Math.ceil(((order.quantity - order.filled) * thirds) / 3));
    const id = `f${model.fills + 1}`;
    const works = order.status !== 'REJECTED' && (overfill || order.filled + quantity <= order.quantity);
    if (works) book(model, order, quantity, price, id);
    return one(fillLine(order, quantity, price, id) + (overfill ? ' --allow-overfill' : ''), works);
  },
  repeat(model, { order: n, other }) {
    const order = target(model, n);
    const [id, data] = [...(order?.fills ?? [])].at(-1) ?? [];
    if (!order || !id || !data) return undefined;
    const [quantity = 0, price = 0] = data.split('@').map(Number);
    return one(fillLine(order, quantity, other ? price + 1 : price, id), !other);
  },
  cancel: step('CANCELLED', WORKING, ({ id }) => `order cancel ${id}`),
  accept: step('PLACED', ['PENDING'], ({ id }) => `order accept ${id} --broker-order-id b-${id}`),
  reject: step('REJECTED', ['PENDING', 'PLACED'], ({ id }) => `order reject ${id} --reason no`),
  retry: step('PENDING', ['REJECTED'], ({ id }) => `order retry ${id}`),
  amend(model, { order: n, quantity }) {
    const order = target(model, n);
    if (!order) return undefined;
    const works =
      quantity === order.quantity ||
      (isWorking(order) &&
        quantity > order.filled &&
        (quantity < order.quantity || admits(model, order, quantity - order.filled, false)));
    if (works) order.quantity = quantity;
    return one(`order amend ${order.id} --quantity ${quantity}`, works);
  },
  mark(model, { symbol: n, price }) {
    const symbol = pick(SYMBOLS, n) ?? '';
    const held = [...model.holdings].filter(([key]) => key.startsWith(`${symbol}/`));
    for (const [, holding] of held) holding.mark = price;
    if (held.length > 0) moveEquity(model);
    return { lines: [`position mark ${symbol}=${price}`], code: held.length > 0 ? 0 : 3 };
  },
  close(model, { holding: n, price }) {
    const [key, held] = pick([...model.holdings], n) ?? [];
    if (!key || !held) return undefined;
    const [symbol = '', strategy = '', product = ''] = key.split('/');
    const side = held.shares > 0 ? 'SELL' : 'BUY';
    const order = newOrder(model, symbol, side, Math.abs(held.shares), [strategy, product]);
    const closing = model.orders.some(
      (other) => isWorking(other) && other.side === side && keyOf(other) === key,
    );
    const works = !closing && admits(model, order, order.quantity, true);
    if (works) {
      enter(model, order);
      book(model, order, order.quantity, price, `close-${order.id}`);
    }
    return one(
      `position close {${key}} --price ${price} --order-id ${order.id} --broker-fill-id close-${order.id}`,
      works,
    );
  },
  race(model, { quantity, price }) {
    const symbol = `R${model.races + 1}`;
    const first = newOrder(model, symbol, 'BUY', quantity, ['']);
    if (model.halted || (model.limit !== undefined && model.orders.length + 2 > model.limit))
      return undefined;
    model.races++;
    enter(model, first);
    const second = newOrder(model, symbol, 'BUY', quantity, ['']);
    enter(model, second);
    const lines = [first, second].map(
      (order) => `${placeLine(order)}\n${fillLine(order, quantity, price, `r-${order.id}`)}`,
    );
    for (const order of [first, second]) book(model, order, quantity, price, `r-${order.id}`);
    return { lines, code: 0 };
  },
  limit(model, { value }) {
    model.limit = value;
    return one(`risk set u MAX_ORDERS_PER_DAY ${value}`, true);
  },
  deposit(model, { rupees }) {
    const flow = { reference: `m${model.flows.length + 1}`, amount: rupees, reversed: false };
    model.flows.push(flow);
    moveMoney(model, rupees);
    return one(flowLine(flow), true);
  },
  withdraw(model, { share, force }) {
    // From a tenth of what is free to more than that.
    const rupees = Math.max(1, Math.round((freeOf(model) * share) / 10));
    const flow = { reference: `m${model.flows.length + 1}`, amount: -rupees, reversed: false };
    const works = force || rupees <= freeOf(model);
    if (works) {
      model.flows.push(flow);
      moveMoney(model, -rupees);
    }
    return one(flowLine(flow, force), works);
  },
  again(model, { flow: n }) {
    const flow = pick(model.flows, n);
    return flow && one(flowLine(flow), !flow.reversed);
  },
  reverse(model, { flow: n }) {
    const flow = pick(model.flows, n);
    if (!flow) return undefined;
    if (!flow.reversed) moveMoney(model, -flow.amount);
    flow.reversed = true;
    return one(`user reverse-flow {flow ${flow.reference}} --reason r --yes`, true);
  },
  start(model) {
    const works = !model.session;
    if (works) {
      const start = model.capital;
      const { peak, drawdown } = model.earlier;
      model.session = { orders: 0, filled: 0, pnl: 0, start, peak: Math.max(start, peak), drawdown };
    }
    return one('session start --user u', works);
  },
  end(model) {
    const works = model.session !== undefined;
    if (model.session) {
      model.ended++;
      const { peak, drawdown } = model.session;
      model.earlier = {
        peak: Math.max(peak, model.earlier.peak),
        drawdown: Math.max(drawdown, model.earlier.drawdown),
      };
    }
    model.session = undefined;
    return { lines: ['session end --user u'], code: works ? 0 : 3 };
  },
  halt(model) {
    model.halted = true;
    model.strategy.active = false;
    for (const order of model.orders.filter(isWorking)) order.status = 'CANCELLED';
    return one('risk halt u --reason test --yes', true);
  },
  resume(model) {
    const works = model.halted;
    model.halted = false;
    return one('risk resume u --reason test --confirm u', works);
  },
  activate(model) {
    // Activating what is active changes nothing; a halt keeps it from starting.
    const works = model.strategy.active || !model.halted;
    if (works) model.strategy.active = true;
    return model.halted ? undefined : one('strategy activate s --user u', works);
  },
};

/** Moves the model by an action, and says what the program must answer; undefined where there is nothing to act on. */
export function play(model: Model, action: Action): Plan | undefined {
  return (MOVES[action.do] as Move<Action['do']>)(model, action as never);
}
