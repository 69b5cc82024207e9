import { dayAfter } from '../day.ts';
import type { Exchange } from '../exchanges.ts';
import type { Rate, Schedule, Segment } from './schedule.ts';

// Rates as they are published, each with its source; the oldest day of all is 1 January 2021. What is not known is left out,
// so that it is refused: currencies and commodities, shares at BSE before April 2023, its options before October 2024.

/** What holds from a day until the day before the next step. */
type Step = readonly [from: string, terms: Pick<Rate, 'percent' | 'amount' | 'min' | 'max'>, source: string];
type Where = Pick<Rate, 'levy' | 'exchanges' | 'segments' | 'side' | 'symbols'>;

function dated(where: Where, steps: readonly Step[]): Rate[] {
  return steps.map(([from, terms, source], at) => {
    const next = steps[at + 1];
    return { ...where, ...terms, from, ...(next && { until: dayAfter(next[0], -1) }), source };
  });
}

const SHARES: readonly Exchange[] = ['NSE', 'BSE'];
const DERIVATIVES: readonly Exchange[] = ['NFO', 'BFO'];
const CASH: readonly Segment[] = ['delivery', 'intraday'];
const DELIVERY: readonly Segment[] = ['delivery'];
const INTRADAY: readonly Segment[] = ['intraday'];
const FUTURES: readonly Segment[] = ['futures'];
const OPTIONS: readonly Segment[] = ['options'];
const EVERYWHERE = { exchanges: [...SHARES, ...DERIVATIVES], segments: [...CASH, ...FUTURES, ...OPTIONS] };

const START = '2021-01-01';
const percent = (value: string) => ({ percent: value });

/** The plan of the broker, per executed order. */
const BROKERAGE: readonly Rate[] = [
  ...dated({ levy: 'brokerage', exchanges: SHARES, segments: DELIVERY }, [
    [START, percent('0'), 'angel-before'],
    ['2024-11-01', { percent: '0.1', max: '20', min: '2' }, 'angel-2024'],
    ['2026-04-01', { percent: '0.1', max: '20', min: '5' }, 'angel-2026'],
  ]),
  ...dated({ levy: 'brokerage', exchanges: SHARES, segments: INTRADAY }, [
    [START, { percent: '0.03', max: '20' }, 'angel-before'],
    ['2024-11-01', { percent: '0.03', max: '20', min: '2' }, 'angel-2024'],
    ['2026-04-01', { percent: '0.03', max: '20', min: '5' }, 'angel-2026'],
  ]),
  ...dated({ levy: 'brokerage', exchanges: DERIVATIVES, segments: [...FUTURES, ...OPTIONS] }, [
    [START, { amount: '20' }, 'angel-before'],
  ]),
];

const STT: readonly Rate[] = [
  ...dated({ levy: 'stt', exchanges: SHARES, segments: DELIVERY }, [[START, percent('0.1'), 'stt-act']]),
  ...dated({ levy: 'stt', exchanges: SHARES, segments: INTRADAY, side: 'SELL' }, [
    [START, percent('0.025'), 'stt-act'],
  ]),
  ...dated({ levy: 'stt', exchanges: DERIVATIVES, segments: FUTURES, side: 'SELL' }, [
    [START, percent('0.01'), 'stt-act'],
    ['2023-04-01', percent('0.0125'), 'stt-2023'],
    ['2024-10-01', percent('0.02'), 'stt-2024'],
    ['2026-04-01', percent('0.05'), 'stt-2026'],
  ]),
  ...dated({ levy: 'stt', exchanges: DERIVATIVES, segments: OPTIONS, side: 'SELL' }, [
    [START, percent('0.05'), 'stt-act'],
    ['2023-04-01', percent('0.0625'), 'stt-2023'],
    ['2024-10-01', percent('0.1'), 'stt-2024'],
    ['2026-04-01', percent('0.15'), 'stt-2026'],
  ]),
];

const TRANSACTION: readonly Rate[] = [
  ...dated({ levy: 'transaction', exchanges: ['NSE'], segments: CASH }, [
    [START, percent('0.00345'), 'nse-2021'],
    ['2023-04-01', percent('0.00325'), 'nse-2023'],
    ['2024-10-01', percent('0.00297'), 'nse-2024'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['NFO'], segments: FUTURES }, [
    [START, percent('0.002'), 'nse-2021'],
    ['2023-04-01', percent('0.0019'), 'nse-2023'],
    ['2024-10-01', percent('0.00173'), 'nse-2024'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['NFO'], segments: OPTIONS }, [
    [START, percent('0.053'), 'nse-2021'],
    ['2023-04-01', percent('0.05'), 'nse-2023'],
    ['2024-10-01', percent('0.03503'), 'nse-2024'],
  ]),
  // Of groups A and B; nothing here tells the group of a symbol, so others are named by symbols in a file of the operator.
  ...dated({ levy: 'transaction', exchanges: ['BSE'], segments: CASH }, [
    ['2023-04-01', percent('0.00375'), 'bse-shares'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['BFO'], segments: FUTURES }, [
    ['2023-11-01', percent('0'), 'bse-derivatives'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['BFO'], segments: OPTIONS }, [
    ['2024-10-01', percent('0.005'), 'bse-derivatives'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['BFO'], segments: OPTIONS, symbols: ['SENSEX50*'] }, [
    ['2024-10-01', percent('0.005'), 'bse-derivatives'],
  ]),
  ...dated({ levy: 'transaction', exchanges: ['BFO'], segments: OPTIONS, symbols: ['SENSEX*', 'BANKEX*'] }, [
    ['2024-10-01', percent('0.0325'), 'bse-derivatives'],
  ]),
];

const STAMP: readonly Rate[] = [
  ...dated({ levy: 'stamp', exchanges: SHARES, segments: DELIVERY, side: 'BUY' }, [
    [START, percent('0.015'), 'stamp'],
  ]),
  ...dated({ levy: 'stamp', exchanges: SHARES, segments: INTRADAY, side: 'BUY' }, [
    [START, percent('0.003'), 'stamp'],
  ]),
  ...dated({ levy: 'stamp', exchanges: DERIVATIVES, segments: FUTURES, side: 'BUY' }, [
    [START, percent('0.002'), 'stamp'],
  ]),
  ...dated({ levy: 'stamp', exchanges: DERIVATIVES, segments: OPTIONS, side: 'BUY' }, [
    [START, percent('0.003'), 'stamp'],
  ]),
];

const IPFT: readonly Rate[] = [
  ...dated({ levy: 'ipft', exchanges: ['NSE'], segments: CASH }, [
    [START, percent('0.0000001'), 'nse-2023'],
    ['2023-04-01', percent('0.0001'), 'nse-2023'],
  ]),
  ...dated({ levy: 'ipft', exchanges: ['NFO'], segments: FUTURES }, [
    [START, percent('0.0000001'), 'nse-2023'],
    ['2023-04-01', percent('0.0001'), 'nse-2023'],
  ]),
  ...dated({ levy: 'ipft', exchanges: ['NFO'], segments: OPTIONS }, [
    [START, percent('0.0000001'), 'nse-2023'],
    ['2023-04-01', percent('0.0005'), 'nse-2023'],
  ]),
  ...dated({ levy: 'ipft', exchanges: ['BSE', 'BFO'], segments: EVERYWHERE.segments }, [
    [START, percent('0'), 'angel-2024'],
  ]),
];

const OTHERS: readonly Rate[] = [
  ...dated({ levy: 'sebi', ...EVERYWHERE }, [
    [START, percent('0.00005'), 'sebi-2020'],
    ['2021-04-01', percent('0.0001'), 'sebi-2019'],
  ]),
  ...dated({ levy: 'gst', ...EVERYWHERE }, [[START, percent('18'), 'angel-2024']]),
  ...dated({ levy: 'dp', exchanges: SHARES, segments: DELIVERY }, [[START, { amount: '20' }, 'angel-dp']]),
];

/** The schedule that comes with the program: the plan of Angel One, and what the exchanges and the state levy. */
export const SHIPPED_SCHEDULE: Schedule = {
  name: 'angelone',
  sources: {
    'angel-2024':
      'https://www.angelone.in/blog/pricing-update-2024-for-i-trade, in force since 1 November 2024; https://www.angelone.in/exchange-transaction-charges',
    'angel-2026':
      'price lists of 2026 name a minimum of 5 rupees per executed order; the day on which it changed is not known',
    'angel-before':
      'https://investking.in/angel-one-brokerage-charges-pricing-list: the plan before November 2024, with free delivery',
    'angel-dp':
      'https://www.angelone.in/blog/pricing-update-2024-for-i-trade: 20 rupees + GST per ISIN and day, of which 3.50 are of CDSL',
    'bse-derivatives':
      'BSE notices 20231020-46 and of 27 September 2024; https://www.financialexpress.com/market/bse-shares-jump-2-as-stock-exchanges-hike-transaction-charges-from-october-1-3625903',
    'bse-shares':
      'https://www.angelone.in/exchange-transaction-charges, groups A and B; the same in https://www.thehindubusinessline.com/markets/nse-rolls-back-6-transaction-charges-from-april/article66657731.ece',
    'nse-2021':
      'https://www.thehindu.com/business/nse-to-roll-back-6-increase-in-transaction-charges/article66657383.ece: 6 % above those of 2023',
    'nse-2023':
      'https://www.thehindubusinessline.com/markets/nse-rolls-back-6-transaction-charges-from-april/article66657731.ece',
    'nse-2024':
      'NSE circular of 27 September 2024; https://www.financialexpress.com/market/bse-shares-jump-2-as-stock-exchanges-hike-transaction-charges-from-october-1-3625903',
    'sebi-2019':
      'SEBI/LAD-NRO/GN/2019/03 of 22 March 2019; https://taxguru.in/sebi/sebi-payment-of-fees-amendment-regulations-2019.html',
    'sebi-2020': 'statement of SEBI of April 2020: half of the fee from June 2020 to March 2021',
    stamp:
      'Finance Act 2019 (7 of 2019), since 1 July 2020; https://www.nseindia.com/invest/first-time-investor-stamp-duty-charges-taxes',
    'stt-act':
      'Finance (No. 2) Act 2004, section 98, as amended; https://cleartax.in/s/securities-transaction-tax-stt',
    'stt-2023': 'Finance Act 2023, since 1 April 2023',
    'stt-2024':
      'Finance (No. 2) Act 2024, since 1 October 2024; https://www.angelone.in/blog/pricing-update-2024-for-i-trade',
    'stt-2026': 'Finance Act 2026, since 1 April 2026; https://cleartax.in/s/securities-transaction-tax-stt',
    'stt-rules':
      'Securities Transaction Tax Rules 2004, rule 3(a); NSE/CMO/0146/2004, https://nseindia.com/content/circulars/cmtr5588.htm',
  },
  rates: [...BROKERAGE, ...STT, ...TRANSACTION, ...OTHERS, ...STAMP, ...IPFT],
  conventions: [
    {
      from: START,
      gstOn: ['brokerage', 'transaction', 'sebi', 'dp'],
      sttPrice: 'average',
      rounding: { stt: 'rupee', stamp: 'rupee' },
      source: 'stt-rules',
    },
  ],
};
