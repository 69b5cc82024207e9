import { defineCommand } from '../cli/command.ts';
import { toggle } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { masked, SETTING_NAMES } from './settings.ts';

export const show = defineCommand({
  effect: 'read',
  args: {},
  flags: { origin: toggle('where each value comes from') },
  fields: {
    setting: { type: 'text' },
    value: { type: 'text' },
    origin: { type: 'text', hidden: true, shownBy: 'origin' },
  },
  examples: ['config show', 'config show --origin --profile prod', 'config show --json'],
  details: 'Passwords are shown as ***, wherever they come from.',
  async run(_input, ctx: Context) {
    const { resolved } = await ctx.config();
    return SETTING_NAMES.map((setting) => {
      const { value, origin } = resolved[setting];
      return { setting, value: value === undefined ? null : masked(String(value)), origin };
    });
  },
});
