import type { Columns } from '../../platform/files/read-header.ts';
import { plainName } from '../../platform/files/read-header.ts';
import { ORDER_FILE } from '../../trading/orders/order-file.ts';
import { TRADE_COLUMNS } from '../../trading/orders/trade-file.ts';
import { BROKERS, type Broker, columnsOf, type Layout, layoutOf } from '../../trading/orders/trade-layout.ts';
import { BHAVCOPIES, type Bhavcopy } from '../../trading/quotes/bhavcopy.ts';
import { QUOTE_COLUMNS } from '../../trading/quotes/quote-file.ts';

/** A kind of file that can be imported. */
export interface Kind {
  rows: 'trades' | 'orders' | 'quotes';
  /** Whose layout it has. */
  layout: 'pinnacle' | Broker | Bhavcopy['name'];
  /** The layout, where it is a broker's. */
  broker?: Layout;
  columns: Columns;
  /** The command that imports it, without its file. */
  command: string;
}

const OURS = 'pinnacle';

/** Every kind of file, ours first. */
export const KINDS: readonly Kind[] = [
  { rows: 'trades', layout: OURS, columns: TRADE_COLUMNS, command: 'order import --as trades --user USER' },
  { rows: 'orders', layout: OURS, columns: ORDER_FILE, command: 'order import --as orders' },
  { rows: 'quotes', layout: OURS, columns: QUOTE_COLUMNS, command: 'market import' },
  ...BROKERS.map((name): Kind => {
    const broker = layoutOf(name);
    const command = `order import --as trades --user USER --from ${name}`;
    return { rows: 'trades', layout: name, broker, columns: columnsOf(broker), command };
  }),
  ...BHAVCOPIES.map(
    ({ name, columns }): Kind => ({ rows: 'quotes', layout: name, columns, command: 'market import' }),
  ),
];

/** The names that the columns of a kind have in a file. */
export const aliasesOf = ({ columns: { required, optional, aliases } }: Kind) =>
  aliases ?? new Map([...required, ...optional].map((column) => [column, [plainName(column)]]));
