import { stat } from 'node:fs/promises';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { configPaths } from '../../platform/config/file.ts';

export const path = defineCommand({
  effect: 'read',
  still: true,
  args: {},
  flags: {},
  fields: { file: { type: 'text' }, exists: { type: 'boolean' }, read: { type: 'boolean' } },
  examples: ['config path', 'config path --json', 'config path --config ./staging.json'],
  details:
    'Lists the files in order of search; the first that exists is read. --config or PINNACLE_CONFIG names one file.',
  async run(_input, ctx: Context) {
    const { paths } = configPaths(ctx.configSource);
    const exist = await Promise.all(paths.map(exists));
    return paths.map((file, i) => ({ file, exists: exist[i] ?? false, read: exist.indexOf(true) === i }));
  },
});

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
