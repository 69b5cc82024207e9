import type { Columns } from '../../platform/files/read-header.ts';
import { plainName } from '../../platform/files/read-header.ts';
import { ORDER_FILE } from '../../trading/orders/order-file.ts';
import { TRADE_COLUMNS } from '../../trading/orders/trade-file.ts';
import { BROKERS, type Broker, columnsOf, tradeLayout } from '../../trading/orders/trade-layout.ts';
import { QUOTE_COLUMNS } from '../../trading/quotes/quote-file.ts';

/** A kind of file that can be imported. */
export interface Kind {
  rows: 'trades' | 'orders' | 'quotes';
  /** The broker whose layout it has; undefined for one of ours. */
  broker?: Broker;
  columns: Columns;
  /** The command that imports it, without its file. */
  command: string;
}

/** Every kind of file, ours first. */
export const KINDS: readonly Kind[] = [
  { rows: 'trades', columns: TRADE_COLUMNS, command: 'order import --as trades --user USER' },
  { rows: 'orders', columns: ORDER_FILE, command: 'order import --as orders' },
  { rows: 'quotes', columns: QUOTE_COLUMNS, command: 'market import' },
  ...BROKERS.map((broker): Kind => {
    const layout = tradeLayout(broker, undefined);
    const command = `order import --as trades --user USER --from ${broker}`;
    return { rows: 'trades', broker, columns: layout ? columnsOf(layout) : TRADE_COLUMNS, command };
  }),
];

/** The names that the columns of a kind have in a file. */
export const aliasesOf = ({ columns: { required, optional, aliases } }: Kind) =>
  aliases ?? new Map([...required, ...optional].map((column) => [column, [plainName(column)]]));
