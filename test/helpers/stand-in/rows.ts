import type { Control, StandInOrder, StandInTrade } from './types.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const IST_MS = 330 * 60_000;

const inIndia = (at: Date) => new Date(at.getTime() + IST_MS).toISOString();

/** `20-Oct-2020 13:10:59`, without a zone. */
export function vendorTime(at: Date): string {
  const text = inIndia(at);
  return `${text.slice(8, 10)}-${MONTHS[Number(text.slice(5, 7)) - 1]}-${text.slice(0, 4)} ${text.slice(11, 19)}`;
}

/** `13:27:53`, without a date. */
const timeOfDay = (at: Date) => inIndia(at).slice(11, 19);
/** `201020`, as order ids begin. */
export const vendorDay = (at: Date) => inIndia(at).slice(2, 10).replaceAll('-', '');

/** A negative number has a blank after its sign. */
export const signed = (value: number) => value.toFixed(2).replace('-', '- ');

const id = (control: Control, text: string) => (control.idsAsNumbers ? Number(text) : text);

export function orderRow(order: StandInOrder, control: Control): Record<string, unknown> {
  const { fields, filled, quantity } = order;
  const isProtected = control.marketAsLimit && fields['ordertype'] === 'MARKET';
  const time = vendorTime(order.updatedAt);
  return {
    variety: fields['variety'],
    ordertype: isProtected ? 'LIMIT' : fields['ordertype'],
    producttype: fields['producttype'],
    duration: fields['duration'] ?? 'DAY',
    price: isProtected ? '101.5' : Number(fields['price'] ?? 0),
    triggerprice: fields['triggerprice'] ?? '0',
    quantity: String(quantity),
    disclosedquantity: '0',
    squareoff: '0',
    stoploss: '0',
    trailingstoploss: '0',
    tradingsymbol: fields['tradingsymbol'],
    transactiontype: fields['transactiontype'],
    exchange: fields['exchange'],
    symboltoken: null,
    instrumenttype: '',
    strikeprice: '-1',
    optiontype: '',
    expirydate: '',
    lotsize: '1',
    cancelsize: order.status === 'cancelled' ? String(Math.max(quantity - filled, 0)) : '0',
    averageprice: filled > 0 ? String(order.value / filled) : '0',
    filledshares: String(filled),
    unfilledshares: String(Math.max(quantity - filled, 0)),
    orderid: id(control, order.id),
    text: order.text,
    status: order.shown,
    orderstatus: order.shown,
    updatetime: time,
    exchtime: time,
    exchorderupdatetime: time,
    fillid: '',
    filltime: '',
    parentorderid: '',
    ordertag: order.tag,
    uniqueorderid: order.uniqueId,
    exchangeorderid: '1100000000000',
  };
}

export function tradeRow(
  trade: StandInTrade,
  order: StandInOrder,
  control: Control,
): Record<string, unknown> {
  const { fields } = order;
  return {
    exchange: fields['exchange'],
    producttype: fields['producttype'],
    tradingsymbol: fields['tradingsymbol'],
    instrumenttype: '',
    symbolgroup: 'EQ',
    strikeprice: '-1',
    optiontype: '',
    expirydate: '',
    marketlot: '1',
    precision: '2',
    multiplier: '-1',
    tradevalue: String(trade.price * trade.quantity),
    transactiontype: fields['transactiontype'],
    fillprice: String(trade.price),
    fillsize: String(trade.quantity),
    orderid: id(control, trade.orderId),
    fillid: id(control, trade.id),
    filltime: timeOfDay(trade.at),
  };
}

/** The net positions that trades make, one per symbol, exchange and product. */
export function positionRows(
  trades: { trade: StandInTrade; order: StandInOrder }[],
): Record<string, unknown>[] {
  const sums = new Map<string, { fields: Record<string, string>; BUY: number[]; SELL: number[] }>();
  for (const { trade, order } of trades) {
    const { fields } = order;
    const key = [fields['exchange'], fields['tradingsymbol'], fields['producttype']].join(' ');
    const sum = sums.get(key) ?? { fields, BUY: [0, 0], SELL: [0, 0] };
    const side = sum[fields['transactiontype'] === 'SELL' ? 'SELL' : 'BUY'];
    side[0] = (side[0] ?? 0) + trade.quantity;
    side[1] = (side[1] ?? 0) + trade.quantity * trade.price;
    sums.set(key, sum);
  }
  return [...sums.values()].map(({ fields, BUY: [bought = 0, paid = 0], SELL: [sold = 0, received = 0] }) => {
    const net = bought - sold;
    const average = (value: number, quantity: number) =>
      quantity === 0 ? '0.00' : (value / quantity).toFixed(4);
    const price = net > 0 ? average(paid, bought) : net < 0 ? average(received, sold) : '0.00';
    return {
      exchange: fields['exchange'],
      symboltoken: fields['symboltoken'],
      producttype: fields['producttype'],
      tradingsymbol: fields['tradingsymbol'],
      symbolname: fields['tradingsymbol'],
      instrumenttype: '',
      lotsize: '1',
      cfbuyqty: '0',
      cfsellqty: '0',
      buyqty: String(bought),
      sellqty: String(sold),
      netqty: String(net),
      totalbuyavgprice: average(paid, bought),
      totalsellavgprice: average(received, sold),
      buyavgprice: average(paid, bought),
      sellavgprice: average(received, sold),
      avgnetprice: price,
      netprice: price,
      netvalue: signed(received - paid),
      ltp: price,
      pnl: signed(0),
    };
  });
}
