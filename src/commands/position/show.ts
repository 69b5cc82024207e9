import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { positionId } from '../../domain/id.ts';
import { findPosition } from '../../trading/positions/store.ts';
import { positionFields } from './fields.ts';
import { positionPage } from './page.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 2,
  args: { position: parsed(positionId, 'POSITION', 'the position') },
  flags: {},
  fields: positionFields,
  page: positionPage,
  examples: ['position show pos_01', 'position show pos_01 --json realized_pnl'],
  async run({ position }, ctx: Context) {
    return findPosition(await ctx.db(), position);
  },
});
