import { BROKER_KINDS } from '../../domain/broker.ts';
import { PRODUCTS } from '../../domain/enums.ts';
import { rateLimits } from '../../domain/rate-limits.ts';
import { duration, pathTo, url, wordOf } from './schemas.ts';

/** The settings of the broker. */
export const BROKER_SETTINGS = {
  'broker.kind': {
    help: 'the broker: paper, angelone, or file for books that were saved; paper by default on the embedded database',
    env: ['PINNACLE_BROKER'],
    schema: wordOf(BROKER_KINDS),
  },
  'broker.url': {
    help: 'the root of the API of the broker, where it is not its own',
    env: ['PINNACLE_BROKER_URL'],
    schema: url(['https', 'http'], 'a URL such as https://apiconnect.angelone.in'),
  },
  'broker.files': {
    help: 'the folder of books that were saved: <user>/orders.json, trades, positions, holdings and funds, or .csv',
    env: ['PINNACLE_BROKER_FILES'],
    path: true,
    schema: pathTo('folder'),
  },
  'broker.exchange': {
    help: 'the exchange of an order that names none',
    env: ['PINNACLE_BROKER_EXCHANGE'],
    schema: wordOf(['NSE', 'BSE', 'NFO', 'BFO', 'CDS', 'MCX']),
    fallback: 'NSE',
  },
  'broker.product': {
    help: 'the product of an order that names none',
    env: ['PINNACLE_BROKER_PRODUCT'],
    schema: wordOf(PRODUCTS),
    fallback: 'CNC',
  },
  'broker.timeout': {
    help: 'how long the broker may take to answer a call',
    env: ['PINNACLE_BROKER_TIMEOUT'],
    as: 'broker.timeoutMs',
    schema: duration,
    fallback: '7s',
  },
  'broker.rateLimits': {
    help: 'how often each method of the broker may be called for a trader, as { "order": "10/s 500/m 1000/h" }; what is left out keeps its default',
    env: [],
    structured: true,
    schema: rateLimits,
    fallback: {},
  },
} as const;
