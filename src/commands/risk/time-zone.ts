import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { timeZone as zone } from '../../platform/config/schemas.ts';

export const timeZone = defineCommand({
  effect: 'write',
  phase: 4,
  args: { zone: parsed(zone, 'ZONE', 'the time zone, such as Asia/Kolkata') },
  flags: {},
  fields: { trading_time_zone: { type: 'text' } },
  answer: ({ trading_time_zone }) => ({ done: `Trading days are of ${trading_time_zone}` }),
  examples: ['risk time-zone Asia/Kolkata'],
  details: `The trading day of the risk rules and of sessions starts at midnight there, for every program on this database; until it is
set, in Asia/Kolkata. The setting timeZone of a client only decides how times are read and shown.`,
  async run({ zone }, ctx: Context) {
    const { setTradingTimeZone } = await import('../../trading/risk/set-time-zone.ts');
    return setTradingTimeZone(ctx, zone);
  },
});
