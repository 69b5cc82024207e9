import { type Fields, optionalFields } from '../../cli/result.ts';
import { reportFileFields } from '../_shared/report-file.ts';

/** A trading day of everybody. */
export const tradingDayFields = {
  ...optionalFields({
    day: { type: 'text' },
    ledger: { type: 'text' },
    attention: { type: 'rows', of: { what: { type: 'text' } } },
    traders: {
      type: 'rows',
      of: {
        user_id: { type: 'text' },
        gross_pnl: { type: 'money' },
        charges: { type: 'money' },
        net_pnl: { type: 'money' },
        unrealized_pnl: { type: 'money' },
        drawdown: { type: 'number' },
        orders: { type: 'integer' },
        executions: { type: 'integer' },
        rejected: { type: 'integer' },
        halted: { type: 'boolean' },
      },
    },
    orders: { type: 'rows', of: { status: { type: 'text' }, orders: { type: 'integer' } } },
    rejections: {
      type: 'rows',
      of: { reason: { type: 'text' }, orders: { type: 'integer' }, users: { type: 'integer' } },
    },
    breaches: {
      type: 'rows',
      of: { user_id: { type: 'text' }, message: { type: 'text' }, at: { type: 'time' } },
    },
    halts: {
      type: 'rows',
      of: {
        user_id: { type: 'text' },
        reason: { type: 'text' },
        halted_by: { type: 'text' },
        halted_at: { type: 'time' },
        resumed_at: { type: 'time' },
      },
    },
    positions: {
      type: 'rows',
      of: {
        user_id: { type: 'text' },
        symbol: { type: 'text' },
        side: { type: 'text' },
        quantity: { type: 'integer' },
        worth: { type: 'money' },
        unrealized_pnl: { type: 'money' },
      },
    },
  }),
  ...optionalFields(reportFileFields),
} as const satisfies Fields;
