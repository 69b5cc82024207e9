import type { IncomingMessage } from 'node:http';
import type { StandInMethod } from './types.ts';

const USER = '/rest/secure/angelbroking/user/v1';
const ORDER = '/rest/secure/angelbroking/order/v1';

/** What is called by which HTTP method and path. */
export const ROUTES: Readonly<Record<string, StandInMethod>> = {
  'POST /rest/auth/angelbroking/user/v1/loginByPassword': 'login',
  'POST /rest/auth/angelbroking/jwt/v1/generateTokens': 'refresh',
  [`GET ${USER}/getProfile`]: 'profile',
  [`POST ${USER}/logout`]: 'logout',
  [`GET ${USER}/getRMS`]: 'funds',
  [`POST ${ORDER}/placeOrder`]: 'place',
  [`POST ${ORDER}/modifyOrder`]: 'modify',
  [`POST ${ORDER}/cancelOrder`]: 'cancel',
  [`GET ${ORDER}/getOrderBook`]: 'orders',
  [`GET ${ORDER}/getTradeBook`]: 'trades',
  [`GET ${ORDER}/getPosition`]: 'positions',
  'GET /rest/secure/angelbroking/portfolio/v1/getHolding': 'holdings',
  'GET /rest/secure/angelbroking/portfolio/v1/getAllHolding': 'holdings',
  [`POST ${ORDER}/getLtpData`]: 'quotes',
};

/** The limits of the vendor for a client: calls within so many seconds. Orders of all kinds are counted together. */
const ORDER_LIMITS = [
  [20, 1],
  [500, 60],
  [1_000, 3_600],
] as const;
export const LIMITS: Readonly<Record<StandInMethod, readonly (readonly [number, number])[]>> = {
  login: [[1, 1]],
  refresh: [
    [1, 1],
    [1_000, 3_600],
  ],
  logout: [[1, 1]],
  profile: [
    [3, 1],
    [1_000, 3_600],
  ],
  funds: [[2, 1]],
  place: ORDER_LIMITS,
  modify: ORDER_LIMITS,
  cancel: ORDER_LIMITS,
  orders: [[1, 1]],
  trades: [[1, 1]],
  positions: [[1, 1]],
  holdings: [[1, 1]],
  quotes: [
    [10, 1],
    [500, 60],
    [5_000, 3_600],
  ],
};

/** Whether two methods share their limits. */
export const isCountedWith = (a: StandInMethod, b: StandInMethod) => LIMITS[a] === LIMITS[b] || a === b;

export interface Request {
  method: StandInMethod;
  headers: IncomingMessage['headers'];
  raw: string;
  body: Record<string, string>;
}

/** An error as the broker answers with it. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const REQUIRED: Record<string, string | RegExp> = {
  'content-type': /^application\/json/,
  accept: /application\/json/,
  'x-usertype': 'USER',
  'x-sourceid': 'WEB',
  'x-clientlocalip': /\S/,
  'x-clientpublicip': /\S/,
  'x-macaddress': /\S/,
};

/** Throws AG8003 where a header is missing or wrong. */
export function checkHeaders(headers: IncomingMessage['headers']): void {
  const missing = Object.entries(REQUIRED).find(([name, rule]) => {
    const value = String(headers[name] ?? '');
    return typeof rule === 'string' ? value !== rule : !rule.test(value);
  });
  if (missing) throw new Refusal('AG8003', `Missing or invalid header ${missing[0]}`);
}

const WORDS = {
  variety: ['NORMAL', 'STOPLOSS', 'AMO', 'ROBO'],
  transactiontype: ['BUY', 'SELL'],
  exchange: ['NSE', 'BSE', 'NFO', 'BFO', 'CDS', 'MCX'],
  ordertype: ['MARKET', 'LIMIT', 'STOPLOSS_LIMIT', 'STOPLOSS_MARKET'],
  producttype: ['DELIVERY', 'CARRYFORWARD', 'MARGIN', 'INTRADAY', 'BO'],
  duration: ['DAY', 'IOC'],
} as const;
const CODES: Record<string, string> = { variety: 'AB1008', producttype: 'AB1012' };

/** Throws what the broker says of terms that it does not take. */
export function checkTerms(body: Record<string, string>): void {
  for (const [field, words] of Object.entries(WORDS))
    if (!(words as readonly string[]).includes(body[field] ?? ''))
      throw new Refusal(CODES[field] ?? 'AB1007', `Invalid ${field}`);
  if (!body['tradingsymbol'] || !/^\d+$/.test(body['symboltoken'] ?? ''))
    throw new Refusal('AB1009', 'Symbol Not Found');
  if (!/^[1-9]\d*$/.test(body['quantity'] ?? '')) throw new Refusal('AB1007', 'Invalid quantity');
  if ((body['ordertag'] ?? '').length > 20) throw new Refusal('AB4008', 'Order tag is longer than 20');
  checkPrices(body);
  if (Object.values(body).some((value) => typeof value !== 'string'))
    throw new Refusal('AB1007', 'Every value must be a string');
}

function checkPrices(body: Record<string, string>): void {
  const { ordertype = '', variety } = body;
  const isStop = ordertype.startsWith('STOPLOSS');
  if (isStop !== (variety === 'STOPLOSS')) throw new Refusal('AB1008', 'Invalid variety');
  if (isStop && !(Number(body['triggerprice']) > 0)) throw new Refusal('AB1007', 'Invalid triggerprice');
  const isLimit = ordertype === 'LIMIT' || ordertype === 'STOPLOSS_LIMIT';
  if (isLimit !== Number(body['price']) > 0) throw new Refusal('AB1007', 'Invalid price');
}
