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
        gross_pnl: { type: 'money', kind: 'gain' },
        charges: { type: 'money', kind: 'gain' },
        net_pnl: { type: 'money', kind: 'gain' },
        unrealized_pnl: { type: 'money', kind: 'gain' },
        drawdown: { type: 'number', kind: 'percent' },
        orders: { type: 'integer' },
        executions: { type: 'integer' },
        rejected: { type: 'integer' },
        halted: { type: 'boolean', kind: 'alarm' },
      },
    },
    orders: { type: 'rows', of: { status: { type: 'text', kind: 'state' }, orders: { type: 'integer' } } },
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
        side: { type: 'text', kind: 'state' },
        quantity: { type: 'integer' },
        worth: { type: 'money' },
        unrealized_pnl: { type: 'money', kind: 'gain' },
      },
    },
  }),
  ...optionalFields(reportFileFields),
} as const satisfies Fields;
