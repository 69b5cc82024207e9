import type { Context } from '../../context.ts';
import { levyNamed } from '../../domain/charges/note-levies.ts';
import { LEVIES, type Levy } from '../../domain/charges/schedule.ts';
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { isWrittenDay } from '../../domain/instant.ts';
import { addMoney, type Rupees, toPaisa } from '../../domain/money.ts';
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
  /** As the file has it: CGST and SGST are two parts of GST. */
  called: string;
  amount: Rupees;
}

const COLUMNS = { required: ['date', 'levy', 'amount'], optional: ['user', 'exchange'] } as const;
const MAX_ROWS = 100_000;
const MAX_NAMED = 10;

/**
 * Reads contract notes: CSV of date,levy,amount with a user and an exchange where there are several. Throws a usage error that
 * names each line that is wrong: no day, an unknown levy, a row that is there twice.
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
  const lines = new Map<string, number>();
  for (const { line, value } of rows) {
    const { day, user_id, exchange, levy, called, amount } = value;
    const note = [day, user_id, exchange ?? ''].join('\n');
    const key = `${note}\n${called}`;
    const first = lines.get(key);
    if (first !== undefined) bad.push({ line, reason: `${called} of that day is on line ${first} already` });
    lines.set(key, line);
    const found = notes.get(note) ?? { day, user_id, exchange, levies: new Map() };
    found.levies.set(levy, addMoney(found.levies.get(levy) ?? toPaisa('0'), amount));
    notes.set(note, found);
  }
  if (bad.length > 0) {
    const named = bad.slice(0, MAX_NAMED).map(({ line, reason }) => `line ${line}: ${reason}`);
    throw usage([`${table.name}: ${pluralize(bad.length, 'line')} cannot be taken:`, ...named].join('\n'));
  }
  if (notes.size === 0) throw usage(`${table.name} has no rows.`);
  return [...notes.keys()].sort().map((key) => notes.get(key) as ContractNote);
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
  return { day: date, user_id: named, exchange, levy, called: name.toUpperCase(), amount: toPaisa(amount) };
}
