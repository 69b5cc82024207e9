import { randomUUID } from 'node:crypto';
import { vendorDay } from './rows.ts';
import type { Control, Fate, StandInOrder, StandInTrade, Step } from './types.ts';
import { FATES } from './types.ts';

/** The book of the stand-in, of all clients. */
export interface Book {
  orders: Map<string, StandInOrder>;
  trades: StandInTrade[];
  place: (client: string, fields: Record<string, string>) => StandInOrder;
  modify: (order: StandInOrder, fields: Record<string, string>) => void;
  cancel: (order: StandInOrder) => void;
  fill: (order: StandInOrder, quantity: number, price?: number) => StandInTrade;
  /** Lets every order of a client, or of all, make its next step; whether there was any. */
  advance: (client?: string) => boolean;
}

export function openBook(control: Control, chance: () => number, now: () => Date): Book {
  const orders = new Map<string, StandInOrder>();
  const trades: StandInTrade[] = [];
  let lastOrder = 0;
  let lastTrade = 0;

  const isOpen = (order: StandInOrder) => order.status === 'open';
  const touch = (order: StandInOrder) => {
    order.updatedAt = now();
  };

  function place(client: string, fields: Record<string, string>): StandInOrder {
    const at = now();
    const order: StandInOrder = {
      id: `${vendorDay(at)}${String(++lastOrder).padStart(9, '0')}`,
      uniqueId: randomUUID(),
      client,
      tag: fields['ordertag'] ?? '',
      fields: { ...fields },
      quantity: Number(fields['quantity']),
      filled: 0,
      value: 0,
      status: 'open',
      shown: 'open pending',
      text: '',
      placedAt: at,
      updatedAt: at,
      plan: [],
      afterwards: [],
    };
    Object.assign(order, planOf(order));
    orders.set(order.id, order);
    return order;
  }

  function fateOf(): Fate | 'fill' | 'rest' {
    const next = control.fates.shift();
    if (next) return next;
    const drawn = FATES.filter((fate) => chance() < (control.chances[fate] ?? 0));
    return drawn[Math.floor(chance() * drawn.length)] ?? control.otherwise;
  }

  function planOf(order: StandInOrder): Pick<StandInOrder, 'plan' | 'afterwards'> {
    const { quantity, fields } = order;
    const limit = Number(fields['price'] ?? 0);
    const price = limit > 0 ? limit : (control.prices[fields['tradingsymbol'] ?? ''] ?? 100);
    const fill = (part: number): Step => ({ do: 'fill', quantity: part, price });
    const isStop = fields['variety'] === 'STOPLOSS';
    const open: Step = { do: 'show', status: isStop ? 'trigger pending' : 'open' };
    const half = Math.floor(quantity / 2);
    const halves = half > 0 ? [fill(half), fill(quantity - half)] : [fill(quantity)];
    const plans: Record<Fate | 'fill' | 'rest', Step[]> = {
      fill: [open, fill(quantity)],
      rest: [open],
      partial: [open, ...halves],
      'partial-then-cancel': half > 0 ? [open, fill(half), { do: 'cancel' }] : [open, { do: 'cancel' }],
      overfill: [open, fill(quantity + 1)],
      'late-fill': [open, { do: 'cancel' }],
      'duplicate-trade': [open, fill(quantity), { do: 'repeat' }],
      'unknown-status': [open, { do: 'show', status: 'exchange is thinking' }, fill(quantity)],
      'reject-later': [
        {
          do: 'reject',
          text: 'Insufficient Funds. Available funds - Rs. 937.00 . You require Rs. 2298.25',
        },
      ],
    };
    const fate = fateOf();
    return { plan: plans[fate], afterwards: fate === 'late-fill' ? [fill(Math.max(half, 1))] : [] };
  }

  function fill(order: StandInOrder, quantity: number, price = Number(order.fields['price']) || 100) {
    const trade = {
      id: String(50_000_000 + ++lastTrade),
      client: order.client,
      orderId: order.id,
      quantity,
      price,
      at: now(),
      rows: 1,
    };
    trades.push(trade);
    order.filled += quantity;
    order.value += quantity * price;
    if (isOpen(order)) {
      order.shown = 'open';
      if (order.filled >= order.quantity) Object.assign(order, { status: 'complete', shown: 'complete' });
    }
    touch(order);
    return trade;
  }

  function cancel(order: StandInOrder): void {
    order.shown = 'cancel pending';
    const late = order.afterwards;
    order.plan = [{ do: 'cancel' }];
    order.afterwards = late;
    if (control.cancelAtOnce) advanceOne(order);
    touch(order);
  }

  function modify(order: StandInOrder, fields: Record<string, string>): void {
    order.fields = { ...order.fields, ...fields };
    order.quantity = Number(fields['quantity']);
    order.shown = 'modified';
    const limit = Number(fields['price'] ?? 0);
    // What is still to be filled, is filled of the new quantity and at the new price.
    const rest = order.quantity - order.filled;
    const fills = order.plan.some((step) => step.do === 'fill');
    order.plan = [
      { do: 'show', status: 'open' },
      ...(fills && rest > 0 ? [{ do: 'fill', quantity: rest, price: limit > 0 ? limit : 100 } as const] : []),
      ...order.plan.filter((step) => step.do === 'cancel'),
    ];
    touch(order);
  }

  const STEPS: { [K in Step['do']]: (order: StandInOrder, step: Extract<Step, { do: K }>) => void } = {
    show: (order, { status }) => {
      order.shown = status;
    },
    fill: (order, step) => {
      fill(order, step.quantity, step.price);
    },
    reject: (order, { text }) => {
      Object.assign(order, { status: 'rejected', shown: 'rejected', text });
    },
    cancel: (order) => {
      Object.assign(order, { status: 'cancelled', shown: 'cancelled' });
    },
    repeat: (order) => {
      for (const trade of trades) if (trade.orderId === order.id) trade.rows = 2;
    },
  };

  function advanceOne(order: StandInOrder): boolean {
    const repeats = order.plan[0]?.do === 'repeat';
    const queue = isOpen(order) || repeats ? order.plan : order.afterwards;
    const step = queue.shift();
    if (!step) return false;
    (STEPS[step.do] as (order: StandInOrder, step: Step) => void)(order, step);
    touch(order);
    return true;
  }

  function advance(client?: string): boolean {
    const moving = [...orders.values()].filter((order) => client === undefined || order.client === client);
    return moving.map(advanceOne).some((moved) => moved);
  }

  return { orders, trades, place, modify, cancel, fill, advance };
}
