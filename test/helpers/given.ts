import type { TestDatabase } from './databases.ts';
import { words } from './words.ts';

type Flags = Readonly<Record<string, string | number | boolean>>;

const ORDER = { user: 'trader_001', symbol: 'TCS', side: 'BUY', quantity: 10 };

/** Each flag under its name on the command line: `orderId` is --order-id; true stands for a flag without a value. */
const flagsOf = (flags: Flags) =>
  Object.entries(flags).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : value === false ? [] : [flag, String(value)];
  });

/** What a test starts from, made through the front door. Every part gives its id. */
export const given = {
  /** A user with a million rupees. */
  async user(db: TestDatabase, id = 'trader_001', flags: Flags = {}): Promise<string> {
    const user = { userId: id, name: 'Asha Rao', email: `${id}@example.com`, capital: 1_000_000 };
    await db.json('user', 'add', ...flagsOf({ ...user, ...flags }));
    return id;
  },

  /** A strategy that nobody has activated. */
  async strategy(db: TestDatabase, id: string): Promise<string> {
    await db.json(
      ...words(
        `strategy add --strategy-id ${id} --name S --description S --category c --risk-level low --min-capital 1
         --expected-return 1 --max-drawdown 1 --symbols TCS --parameters {}`,
      ),
    );
    return id;
  },

  /** A working order; of trader_001, to buy 10 TCS, unless the flags say otherwise. */
  async order(db: TestDatabase, flags: Flags = {}): Promise<string> {
    const { order_id } = await db.json('order', 'place', ...flagsOf({ ...ORDER, ...flags }));
    return String(order_id);
  },

  /** A fill of an order; gives the position that it changed. */
  async fill(db: TestDatabase, order: string, flags: Flags): Promise<string> {
    const { position_id } = await db.json('order', 'fill', order, ...flagsOf(flags));
    return String(position_id);
  },

  /** A position: an order that is filled at once, at a price in rupees per share. */
  async position(db: TestDatabase, { price, ...flags }: Flags & { price: number }): Promise<string> {
    const order = await given.order(db, flags);
    return given.fill(db, order, { quantity: flags['quantity'] ?? ORDER.quantity, price });
  },
};
