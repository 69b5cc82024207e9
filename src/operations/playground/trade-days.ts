import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unchanged } from '../../audit/outcome.ts';
import type { RuleType } from '../../domain/enums.ts';
import { toPaisa } from '../../domain/money.ts';
import { unusableHash } from '../../platform/secrets/api-key.ts';
import { haltAndCancel } from '../../trading/broker/halt-and-cancel.ts';
import { bookCharges } from '../../trading/charges/book-charges.ts';
import { endAllSessions } from '../../trading/equity/end-sessions.ts';
import { rebuildSnapshots } from '../../trading/equity/rebuild-snapshots.ts';
import { deposit } from '../../trading/flows/move-money.ts';
import { importFile } from '../../trading/orders/import-file.ts';
import { bookGivenMarks } from '../../trading/positions/book-marks.ts';
import { checkRules } from '../../trading/risk/check-rules.ts';
import { setLimit } from '../../trading/risk/set-limits.ts';
import { startAllSessions } from '../../trading/sessions/start-session.ts';
import { activateStrategy } from '../../trading/strategies/activate-strategy.ts';
import { addStrategy } from '../../trading/strategies/add-strategy.ts';
import { addUsers } from '../../trading/users/add-user.ts';
import { type Closes, type MadeTrade, SHARES, tradesOf } from './market.ts';
import type { Practice } from './practice.ts';
import { FALL, type Share, STRATEGIES, TRADERS, type Trader } from './traders.ts';

/** What the days are made of. */
export interface Stage {
  practice: Practice;
  /** Where files are written that are imported. */
  folder: string;
  /** The trading days, YYYY-MM-DD, oldest first. */
  days: readonly string[];
  closes: Closes;
  /** Told of each command before it runs. */
  tell: (command: string) => Promise<void>;
}

/** How many of the days are traded with sessions, marks and checks; those before are history from files. */
const PLAYED_DAYS = 5;
const TRADE_COLUMNS = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
const KOLKATA = '+05:30';

const momentOf = (day: string, time: string) => new Date(`${day}T${time}${KOLKATA}`);

/** Traders and their strategies, as of the first day. */
export async function addTraders({ practice, days: [first = ''], tell }: Stage): Promise<void> {
  await practice.setClock(momentOf(first, '08:30:00'));
  await tell('user import traders.csv --keys keys.csv');
  const users = practice.as('user import');
  await users.change(async (trx) => {
    const rows = TRADERS.map(({ user_id, name, capital, risk_tolerance }) => ({
      ...{ user_id, name, risk_tolerance },
      email: `${user_id}@example.com`,
      total_capital: capital,
      api_key: unusableHash(),
    }));
    await addUsers(trx, rows, users);
    return unchanged(undefined);
  });
  for (const strategy of STRATEGIES) {
    await tell(`strategy add --file ${strategy.strategy_id}.json`);
    await addStrategy(practice.as('strategy add'), strategy);
  }
  for (const { user_id, strategy, allocation } of TRADERS) {
    await tell(`strategy activate ${strategy} --user ${user_id} --allocation ${allocation}`);
    const given = { allocation, parameters: undefined };
    await activateStrategy(practice.as('strategy activate'), strategy, user_id, given);
  }
}

/** The days before the last ones: a file of trades for each trader, and equity at the closing prices of a file. */
export async function importHistory(stage: Stage): Promise<void> {
  const { practice, folder, days, closes, tell } = stage;
  const history = days.length - PLAYED_DAYS;
  await practice.setClock(momentOf(days[history - 1] ?? '', '20:00:00'));
  for (const trader of TRADERS) {
    const file = `trades-${trader.user_id}.csv`;
    await tell(`order import ${file} --as trades --user ${trader.user_id}`);
    await importTrades(stage, trader, join(folder, file), (day) => day < history);
  }
  const prices = days.flatMap((day, n) => SHARES.map((share) => `${day},${share},${closes[share][n + 1]}`));
  await writeFile(join(folder, PRICES), `date,symbol,close\n${prices.join('\n')}\n`, { mode: 0o600 });
  await tell(`report rebuild --prices ${PRICES}`);
  const range = { user: undefined, since: undefined, until: days[history - 1] };
  await rebuildSnapshots(practice.as('report rebuild'), { file: join(folder, PRICES), ...range });
}

const PRICES = 'closing-prices.csv';

/** Sets the limits of the traders and trades the last days: sessions, trades, marks, checks, and a halt where a limit broke. */
export async function tradeDays(stage: Stage): Promise<void> {
  const { practice, days, tell } = stage;
  const first = days.length - PLAYED_DAYS;
  await practice.setClock(momentOf(days[first] ?? '', '09:00:00'));
  for (const { user_id, limits } of TRADERS)
    for (const [rule, value] of Object.entries(limits) as [RuleType, number][]) {
      await tell(`risk set ${user_id} ${rule} ${value}`);
      await setLimit(practice.as('risk set'), user_id, rule, value);
    }
  for (let day = first; day < days.length; day++) await tradeDay(stage, day);
  const { user_id: user } = FALL;
  await practice.setClock(momentOf(days.at(-1) ?? '', '15:32:00'));
  const reason = 'daily loss beyond its limit';
  await tell(`risk halt ${user} --reason "${reason}" --yes`);
  await haltAndCancel(practice.as('risk halt'), { user, all: false, reason });
  await practice.setClock(momentOf(days.at(-1) ?? '', '18:00:00'));
  const since = days[first];
  await tell(`charges book --since ${since}`);
  const span = { since, day: undefined, until: undefined, user: undefined, schedule: undefined };
  await bookCharges(practice.as('charges book'), span);
}

async function tradeDay(stage: Stage, day: number): Promise<void> {
  const { practice, folder, days, closes, tell } = stage;
  const date = days[day] ?? '';
  await practice.setClock(momentOf(date, '09:10:00'));
  await tell('session start --all');
  await startAllSessions(practice.as('session start'));
  if (day === days.length - PLAYED_DAYS + 1) await payIn(stage, date);
  await practice.setClock(momentOf(date, '15:20:00'));
  for (const trader of TRADERS) {
    await tell(`order import ${date}.csv --as trades --user ${trader.user_id}`);
    const file = join(folder, `${date}-${trader.user_id}.csv`);
    await importTrades(stage, trader, file, (of) => of === day);
    await rm(file, { force: true });
  }
  await practice.setClock(momentOf(date, '15:30:30'));
  await markAt(stage, (share) => closes[share][day + 1] ?? 0);
  await tell('risk check');
  await checkRules(practice.as('risk check'), undefined, true);
  await practice.setClock(momentOf(date, '15:40:00'));
  await tell('session end --all');
  await endAllSessions(practice.as('session end'));
}

/** Marks every position that is open at the price of its share. */
export async function markAt({ practice, tell }: Stage, priceOf: (share: Share) => number): Promise<void> {
  const ctx = practice.as('position mark');
  const held = await (await ctx.db())
    .selectFrom('positions')
    .select('symbol')
    .where('status', '=', 'OPEN')
    .distinct()
    .execute();
  if (held.length === 0) return;
  const marks = held.map(({ symbol }) => `${symbol}=${priceOf(symbol as string as Share)}`);
  await tell(`position mark ${marks.join(' ')}`);
  await bookGivenMarks(ctx, marks, undefined);
}

async function payIn({ practice, tell }: Stage, day: string): Promise<void> {
  const [, , , , trader] = TRADERS;
  if (!trader) return;
  const amount = toPaisa(100_000);
  await tell(`user deposit ${trader.user_id} ${amount} --reference UTR0001`);
  await deposit(practice.as('user deposit'), {
    ...{ user: trader.user_id, amount, day },
    reference: 'UTR0001',
    reason: 'added capital',
  });
}

async function importTrades(
  { practice, days, closes }: Stage,
  trader: Trader,
  path: string,
  isMeant: (day: number) => boolean,
): Promise<void> {
  const lines = numbered(trader, tradesOf(trader, sharesOf(trader), closes, days.length)).filter(({ day }) =>
    isMeant(day),
  );
  if (lines.length === 0) return;
  const text = lines.map(({ id, day, time, symbol, side, quantity, price }) =>
    [id, symbol, side, quantity, price, `${days[day]}T${time}${KOLKATA}`, trader.strategy].join(','),
  );
  await writeFile(path, `${TRADE_COLUMNS}\n${text.join('\n')}\n`, { mode: 0o600 });
  await importFile(practice.as('order import'), {
    ...{ path, user: trader.user_id, fast: false, replay: false },
    map: { broker: undefined, pairs: undefined, timeZone: undefined, dates: undefined },
    ...{ saveMap: undefined, rejectsFile: undefined },
  });
}

const numbered = (trader: Trader, trades: readonly MadeTrade[]) =>
  trades.map((trade, n) => ({ ...trade, id: `${trader.user_id}-${String(n + 1).padStart(4, '0')}` }));

const sharesOf = ({ strategy }: Trader): readonly Share[] =>
  SHARES.filter((share) =>
    STRATEGIES.some((s) => s.strategy_id === strategy && (s.symbols as readonly string[]).includes(share)),
  );
