import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { type ConfigText, findConfigFile, invalid, readConfigFile } from '../../platform/config/file.ts';
import { fileLayer, literalComplaints } from '../../platform/config/resolve.ts';
import type { Json } from '../../platform/config/unknown-keys.ts';

export const validate = defineCommand({
  effect: 'read',
  still: true,
  args: { file: optional(text('FILE', 'the file (default: the one that would be read)', 4096)) },
  flags: {},
  fields: { file: { type: 'text' }, profiles: { type: 'json' }, valid: { type: 'boolean' } },
  examples: ['config validate', 'config validate deploy/pinnacle.config.json'],
  details: `Reports all problems of all profiles. Without FILE it also checks the settings in force, including that
secrets in files or variables can be read.`,
  async run({ file: name }, ctx: Context) {
    const file =
      name === undefined ? await findConfigFile(ctx.configSource) : await named(resolve(ctx.cwd, name));
    const complaints = file ? complaintsOf(file) : [];
    if (complaints.length > 0) throw invalid(complaints.join('\n'));
    if (name === undefined) await ctx.config();
    return { file: file?.path ?? null, profiles: Object.keys(file?.content['profiles'] ?? {}), valid: true };
  },
});

async function named(path: string): Promise<ConfigText> {
  const file = await readConfigFile(path);
  if (!file) throw invalid(`The configuration file ${path} does not exist.`);
  return file;
}

function complaintsOf(file: ConfigText): string[] {
  const profiles = Object.entries((file.content['profiles'] ?? {}) as Record<string, Json>);
  const chosen = file.content['profile'];
  return [
    ...literalComplaints(fileLayer(file)),
    ...profiles.flatMap(([profile, content]) => literalComplaints(fileLayer(file, content, profile))),
    ...(chosen === undefined || profiles.some(([profile]) => profile === chosen)
      ? []
      : [`profile (${file.path}) names ${chosen}, which is not among the profiles.`]),
  ];
}
