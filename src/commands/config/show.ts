import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { maskSecrets, SETTING_NAMES } from '../../platform/config/settings.ts';
import { isObject } from '../../util/json.ts';

export const show = defineCommand({
  effect: 'read',
  still: true,
  args: {},
  flags: { origin: toggle('show the origin of each value') },
  fields: {
    setting: { type: 'text' },
    value: { type: 'text' },
    origin: { type: 'text', hidden: true, shownWithFlag: 'origin' },
  },
  examples: ['config show', 'config show --origin --profile prod', 'config show --json'],
  details: 'Passwords are shown as ***.',
  async run(_input, ctx: Context) {
    const { resolved } = await ctx.config();
    return SETTING_NAMES.flatMap((name) => {
      const { written, origin } = resolved[name];
      return leaves(name, written).map(([setting, text]) => ({ setting, value: text, origin }));
    });
  },
});

/** A setting by its path, or one row per value if it is an object. */
function leaves(path: string, value: unknown): [path: string, text: string | null][] {
  if (isObject(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, inner]) => leaves(`${path}.${key}`, inner));
  if (Array.isArray(value)) return [[path, JSON.stringify(value.map((each) => maskSecrets(String(each))))]];
  return [[path, value === undefined || isObject(value) ? null : maskSecrets(String(value))]];
}
