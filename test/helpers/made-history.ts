const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
const SYMBOLS = ['INFY', 'TCS', 'SBIN', 'ITC', 'HDFCBANK'];
const DAY_MS = 86_400_000;

/**
 * Trades of a history that is always the same, as CSV for `order import --as trades`: on every weekday from 2023-01-02 on one
 * is opened, at 10:00 in Kolkata, and ended some days later; two of three gain. `bias` shifts what they gain, in percent.
 */
export function madeHistory(days: number, { prefix = 'M', bias = 0 } = {}): string {
  let state = 7;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const at = (day: number) => `${new Date(Date.UTC(2023, 0, 2) + day * DAY_MS).toISOString().slice(0, 10)}T`;
  const lines = Array.from({ length: days }, (_, day) => {
    if (day % 7 > 4) return [];
    const symbol = SYMBOLS[day % SYMBOLS.length];
    const price = 100 + Math.floor(random() * 900);
    const exit = (price * (1 + (random() - 0.45) * 0.06 + bias / 100)).toFixed(2);
    const quantity = 100 + Math.floor(random() * 100);
    // Each symbol is flat again before its next trade.
    const end = day + ([0, 1, 3][Math.floor(random() * 3)] ?? 0);
    return [
      { time: `${at(day)}10:00:00+05:30`, line: `${symbol},BUY,${quantity},${price}` },
      { time: `${at(end)}15:00:00+05:30`, line: `${symbol},SELL,${quantity},${exit}` },
    ];
  }).flat();
  lines.sort((a, b) => a.time.localeCompare(b.time));
  return [HEADER, ...lines.map(({ time, line }, i) => `${prefix}${i},${line},${time},`)].join('\n');
}
