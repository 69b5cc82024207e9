/** What a client of the stand-in is called with. */
export interface StandInClient {
  clientCode: string;
  apiKey: string;
  pin: string;
  /** Base32. */
  totpSecret: string;
}

/** What may be called, by the name that limits and calls are counted under. */
export type StandInMethod =
  | 'login'
  | 'refresh'
  | 'logout'
  | 'profile'
  | 'funds'
  | 'place'
  | 'modify'
  | 'cancel'
  | 'orders'
  | 'trades'
  | 'positions'
  | 'holdings'
  | 'quotes';

export type StandInStatus = 'open' | 'complete' | 'cancelled' | 'rejected';

/** An order as it is in truth. */
export interface StandInOrder {
  id: string;
  uniqueId: string;
  client: string;
  tag: string;
  fields: Record<string, string>;
  quantity: number;
  filled: number;
  /** Rupees: what was paid for all of `filled`. */
  value: number;
  status: StandInStatus;
  /** The word that the book shows. */
  shown: string;
  text: string;
  placedAt: Date;
  updatedAt: Date;
  /** What happens to it by and by. */
  plan: Step[];
  /** What shows only after the order has ended. */
  afterwards: Step[];
}

export type Step =
  | { do: 'show'; status: string }
  | { do: 'fill'; quantity: number; price: number }
  | { do: 'reject'; text: string }
  | { do: 'cancel' }
  | { do: 'repeat' };

/** An execution as it is in truth. */
export interface StandInTrade {
  id: string;
  client: string;
  orderId: string;
  quantity: number;
  price: number;
  at: Date;
  /** How often its row is shown. */
  rows: number;
}

/** A call as it came. */
export interface StandInCall {
  client: string;
  method: StandInMethod;
  /** Milliseconds since 1970. */
  at: number;
  /** What was done to the answer. */
  misbehaviour?: Misbehaviour;
}

/** What may happen to any call. Those with `after` do what was asked first, so that only the answer is lost. */
export const MISBEHAVIOURS = [
  'access-rate',
  'access-rate-after',
  'empty',
  'empty-after',
  'hang',
  'hang-after',
  'html-502',
  'html-502-after',
  'reset',
  'reset-after',
  'half-json',
  'half-json-after',
  'something-wrong',
  'something-wrong-after',
  'no-order-id-after',
  'token-expired',
] as const;
export type Misbehaviour = (typeof MISBEHAVIOURS)[number];

/** What may happen to an order that was accepted. */
export const FATES = [
  'reject-later',
  'partial',
  'partial-then-cancel',
  'overfill',
  'late-fill',
  'duplicate-trade',
  'unknown-status',
] as const;
export type Fate = (typeof FATES)[number];

/** How the stand-in behaves; may be changed at any time. */
export interface Control {
  /** Before each answer, milliseconds. */
  latencyMs: number;
  /** How long a hanging call hangs, milliseconds. */
  hangMs: number;
  /** What happens to the next calls of a method, in order; `fine` for none. */
  next: Partial<Record<StandInMethod, (Misbehaviour | 'fine')[]>>;
  /** What happens to the next orders that are placed, in order; none fills wholly at once. */
  fates: (Fate | 'fill' | 'rest')[];
  /** How likely each is, from 0 to 1, of calls and of orders. */
  chances: Partial<Record<Misbehaviour | Fate, number>>;
  /** What becomes of an order without a fate: it fills, or rests until `fill` or `cancel`. */
  otherwise: 'fill' | 'rest';
  /** Whether the orders of a client make a step before each answer with its order book. */
  advanceOnRead: boolean;
  /** Whether calls beyond the limits are answered with 403. */
  enforceLimits: boolean;
  /** What is cancelled at once, rather than at the next step. */
  cancelAtOnce: boolean;
  idsAsNumbers: boolean;
  statusAsText: boolean;
  marketAsLimit: boolean;
  /** Messages of errors quote what the caller sent, secrets too. */
  echoSecrets: boolean;
  gatewayEnvelope: boolean;
  /** How far the clock of the stand-in is ahead, milliseconds. */
  clockAheadMs: number;
  /** How many steps of 30 s before and after now a one-time password is taken for. */
  totpWindow: number;
  /** Of MARKET orders of a symbol, rupees per share; 100 for others. */
  prices: Record<string, number>;
}
