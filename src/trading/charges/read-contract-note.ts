import type { Context } from '../../context.ts';
import { gstPartNamed, levyNamed } from '../../domain/charges/note-levies.ts';
import { LEVIES, type Levy } from '../../domain/charges/schedule.ts';
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { isWrittenDay } from '../../domain/instant.ts';
import { addMoney, NO_RUPEES, type Rupees, toPaisa } from '../../domain/money.ts';
import { openTable, readAll, type Values } from '../../platform/files/open-table.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

/** What a broker charged to a trader for a day, at one exchange or at all of them. */
export interface ContractNote {
  day: string;
  user_id: UserId;
  exchange: Exchange | null;
  /** Rupees, of the levies that the file has. */
  levies: Map<Levy, Rupees>;
}

interface Row {
  day: string;
  user_id: UserId;
  exchange: Exchange | null;
  levy: Levy;
  /** CGST and SGST are two parts of GST. */
  part: string | undefined;
  /** As the file has it. */
  called: string;
  amount: Rupees;
}

const COLUMNS = { required: ['date', 'levy', 'amount'], optional: ['user', 'exchange'] } as const;
const MAX_ROWS = 100_000;
const MAX_NAMED = 10;

/**
 * Reads contract notes: CSV of date,levy,amount with a user and an exchange where there are several. Throws a usage error that
 * names each line that is wrong: no day, an unknown levy, a levy that is there twice, under whatever names.
 */
export async function readContractNotes(
  path: string,
  user: UserId | undefined,
  ctx: Context,
): Promise<ContractNote[]> {
  const table = await openTable(path, COLUMNS, ctx);
  const how = { signal: ctx.signal, most: MAX_ROWS };
  const { rows, bad } = await readAll(table, (values) => readRow(values, user), how);
  const notes = new Map<string, ContractNote>();
  const seen = new Map<string, Seen>();
  for (const { line, value } of rows) {
    const { day, user_id, exchange, levy, amount } = value;
    const note = noteOf(value);
    const reason = clashOf(value, seen);
    if (reason !== undefined) bad.push({ line, reason });
    for (const key of Object.values(keysOf(value))) seen.set(key, { line, called: value.called });
    const found = notes.get(note) ?? { day, user_id, exchange, levies: new Map() };
    found.levies.set(levy, addMoney(found.levies.get(levy) ?? NO_RUPEES, amount));
    notes.set(note, found);
  }
  if (bad.length > 0) {
    const named = bad.slice(0, MAX_NAMED).map(({ line, reason }) => `line ${line}: ${reason}`);
    throw usage([`${table.name}: ${pluralize(bad.length, 'line')} cannot be taken:`, ...named].join('\n'));
  }
  if (notes.size === 0) throw usage(`${table.name} has no rows.`);
  return [...notes.keys()].sort().map((key) => notes.get(key) as ContractNote);
}

const traderOf = ({ day, user_id }: Row) => `${day}\n${user_id}`;
const noteOf = (row: Row) => `${traderOf(row)}\n${row.exchange ?? ''}`;

/** A row of before. */
interface Seen {
  line: number;
  called: string;
}

/** What a row stands for, which no other may: a levy or a part of it, GST in one or in parts, and one exchange or all. */
const keysOf = (row: Row) => ({
  levy: `${noteOf(row)}\n${row.part ?? row.levy}`,
  gst: `${noteOf(row)}\n${row.levy} ${row.part === undefined ? 'in one' : 'in parts'}`,
  exchanges: `${traderOf(row)}\n${row.exchange === null ? 'all' : 'one'}`,
});

/** Why a row would be added up with one of before that already has its amount. */
function clashOf(row: Row, seen: ReadonlyMap<string, Seen>): string | undefined {
  const { part, called, exchange } = row;
  const same = seen.get(keysOf(row).levy);
  if (same) {
    const other = same.called === called ? '' : `, as ${same.called}`;
    return `${called} of that day is on line ${same.line} already${other}`;
  }
  const gst = seen.get(keysOf({ ...row, part: part === undefined ? 'any' : undefined }).gst);
  if (gst)
    return `GST of that day is on line ${gst.line} already, ${part === undefined ? 'in parts' : 'in one amount'}`;
  const rest = seen.get(keysOf({ ...row, exchange: exchange === null ? 'NSE' : null }).exchanges);
  if (!rest) return undefined;
  return exchange === null
    ? `it is of all exchanges, and line ${rest.line} of one of them on that day`
    : `it is of ${exchange}, and line ${rest.line} of all exchanges on that day`;
}

function readRow(
  { date = '', levy: name = '', amount: written = '', user: own = '', exchange: at = '' }: Values,
  user: UserId | undefined,
): Row | { reason: string } {
  const levy = levyNamed(name);
  // As a person copies it: ₹1,234.50.
  const amount = written.replace(/^₹\s*/, '').replaceAll(/(?<=\d),(?=\d)/g, '');
  const exchange = EXCHANGES.find((each) => each === at.toUpperCase()) ?? null;
  const named = own === '' ? user : userId.safeParse(own).data;
  if (!isWrittenDay(date)) return { reason: 'date must be a day such as 2026-01-31' };
  if (!levy) return { reason: `levy must be one of ${LEVIES.join(', ')}, or what contract notes call them` };
  if (!/^\d{1,13}(\.\d{1,2})?$/.test(amount))
    return { reason: 'amount must be rupees, 0 or above, with at most two decimals' };
  if (at !== '' && exchange === null) return { reason: `exchange must be one of ${EXCHANGES.join(', ')}` };
  if (named === undefined)
    return {
      reason: own === '' ? 'there is no user: give a column user, or --user' : 'user is no id of a user',
    };
  const called = { part: gstPartNamed(name), called: name.toUpperCase() };
  return { day: date, user_id: named, exchange, levy, ...called, amount: toPaisa(amount) };
}
