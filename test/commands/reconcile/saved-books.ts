import { mkdtempSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vendorTime } from '../../helpers/stand-in/rows.ts';

type Row = Readonly<Record<string, unknown>>;

/** The books of the broker that can be saved; one that is left out is empty. */
export interface Books {
  orders?: Row[];
  trades?: Row[];
  positions?: Row[];
  holdings?: Row[];
  funds?: Row;
}

const time = () => vendorTime(new Date());

/** A row of the order book of the vendor: 10 SBIN at 100, open. */
export const orderRow = (row: Row = {}): Row => ({
  variety: 'NORMAL',
  ordertype: 'LIMIT',
  producttype: 'DELIVERY',
  duration: 'DAY',
  price: '100.00',
  triggerprice: '0.00',
  quantity: '10',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  exchange: 'NSE',
  averageprice: '0',
  filledshares: '0',
  unfilledshares: '10',
  orderid: '260130000000001',
  text: '',
  status: 'open',
  orderstatus: 'open',
  updatetime: time(),
  ordertag: '',
  ...row,
});

/** Its execution, whole. */
export const tradeRow = (row: Row = {}): Row => ({
  exchange: 'NSE',
  producttype: 'DELIVERY',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  fillprice: '100.00',
  fillsize: '10',
  orderid: '260130000000001',
  fillid: '7',
  filltime: time(),
  ...row,
});

/** What is held in SBIN for the day. */
export const positionRow = (netqty: number, avgnetprice: number, row: Row = {}): Row => ({
  exchange: 'NSE',
  producttype: 'DELIVERY',
  tradingsymbol: 'SBIN-EQ',
  netqty: String(netqty),
  avgnetprice: String(avgnetprice),
  ...row,
});

/** A folder of books that were saved, and the environment that points the program at it. */
export function savedBooks() {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-books-'));
  return {
    env: { PINNACLE_BROKER: 'file', PINNACLE_BROKER_FILES: folder },
    /** Saves all the books of a trader but those that are named as missing. */
    async save(user: string, books: Books, missing: readonly (keyof Books)[] = []) {
      const all = {
        orders: [],
        trades: [],
        positions: [],
        holdings: [],
        funds: { net: '1000000.00' },
        ...books,
      };
      await rm(join(folder, user), { recursive: true, force: true });
      await mkdir(join(folder, user), { recursive: true });
      for (const [name, data] of Object.entries(all)) {
        if (missing.includes(name as keyof Books)) continue;
        const body = { status: true, message: 'SUCCESS', errorcode: '', data };
        await writeFile(join(folder, user, `${name}.json`), JSON.stringify(body));
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
