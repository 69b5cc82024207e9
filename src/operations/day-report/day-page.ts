import { exactLabel } from '../../cli/charts/labels.ts';
import type { Content } from '../../cli/markup/markup.ts';
import { type Column, cards, page, paragraph, section, table, toneOf } from '../../cli/markup/page.ts';
import { type Rupees, sumOfMoney } from '../../domain/money.ts';
import { wallClock } from '../../util/time.ts';
import type { DayReport } from './read-day.ts';

const rupees = (amount: string | null) => (amount === null ? '-' : exactLabel('rupees', Number(amount)));
const text = <R>(head: string, cell: (row: R) => Content): Column<R> => ({ head, cell });
const number = <R>(head: string, cell: (row: R) => Content): Column<R> => ({ head, cell, isNumber: true });
const money = <R>(head: string, of: (row: R) => string | null): Column<R> => ({
  ...number(head, (row: R) => rupees(of(row))),
  tone: (row) => toneOf(of(row) === null ? null : Number(of(row))),
});

/** A day as one HTML file. */
export function dayPage(day: DayReport, at: string, timeZone: string): string {
  const time = (text: string | null) => (text === null ? '-' : wallClock(text, timeZone));
  const total = (of: (row: DayReport['traders'][number]) => Rupees) => sumOfMoney(day.traders.map(of));
  const net = total(({ net_pnl }) => net_pnl);
  const gross = total(({ gross_pnl }) => gross_pnl);
  return page(
    `Trading day ${day.day}`,
    paragraph(`Made at ${wallClock(at, timeZone)} (${timeZone}).`),
    cards([
      { label: 'Net P&L', value: rupees(net), tone: toneOf(Number(net)) },
      { label: 'Gross P&L', value: rupees(gross), tone: toneOf(Number(gross)) },
      { label: 'Traders', value: String(day.traders.length) },
      { label: 'Ledger', value: day.ledger, tone: day.ledger.startsWith('violated') ? 'warn' : undefined },
    ]),
    section(
      'What needs a person',
      day.attention.length === 0 ? paragraph('Nothing.') : day.attention.map(({ what }) => paragraph(what)),
    ),
    section(
      'Traders, the worst first',
      table('P&L, drawdown and orders by trader', day.traders, [
        text('trader', ({ user_id }) => user_id),
        money('net P&L', ({ net_pnl }) => net_pnl),
        money('gross P&L', ({ gross_pnl }) => gross_pnl),
        money('charges', ({ charges }) => charges),
        money('unrealized', ({ unrealized_pnl }) => unrealized_pnl),
        number('drawdown', ({ drawdown }) => (drawdown === null ? '-' : `${drawdown.toFixed(2)} %`)),
        number('orders', ({ orders }) => orders),
        number('executions', ({ executions }) => executions),
        number('rejected', ({ rejected }) => rejected),
        text('halted', ({ halted }) => (halted ? 'yes' : 'no')),
      ]),
    ),
    section(
      'Open positions, the largest first',
      table('At most 50 open positions by value', day.positions, [
        text('trader', ({ user_id }) => user_id),
        text('symbol', ({ symbol }) => symbol),
        text('side', ({ side }) => side),
        number('quantity', ({ quantity }) => quantity),
        number('value', ({ worth }) => rupees(worth)),
        money('unrealized', ({ unrealized_pnl }) => unrealized_pnl),
      ]),
    ),
    section('Orders', [
      table('Orders by status', day.orders, [
        text('status', ({ status }) => status),
        number('orders', ({ orders }) => orders),
      ]),
      table('Rejections by reason', day.rejections, [
        text('reason', ({ reason }) => reason),
        number('orders', ({ orders }) => orders),
        number('traders', ({ users }) => users),
      ]),
    ]),
    section('Risk', [
      table('Alerts of the day', day.breaches, [
        text('at', ({ at }) => time(at)),
        text('trader', ({ user_id }) => user_id ?? 'all'),
        text('alert', ({ message }) => message),
      ]),
      table('Halts of the day', day.halts, [
        text('trader', ({ user_id }) => user_id ?? 'all'),
        text('reason', ({ reason }) => reason),
        text('by', ({ halted_by }) => halted_by),
        text('from', ({ halted_at }) => time(halted_at)),
        text('until', ({ resumed_at }) => time(resumed_at)),
      ]),
    ]),
  );
}
