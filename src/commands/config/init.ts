import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, secret, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { SETTINGS } from '../../platform/config/settings.ts';
import { chooseDatabase, chooseTimeZone, databaseAnswer, variableName } from './wizard.ts';
import { writeConfig } from './write-file.ts';

export const init = defineCommand({
  effect: 'write',
  writesTo: 'file',
  args: {},
  flags: {
    database: secret(
      optional(parsed(databaseAnswer, 'URL', 'embedded, or the URL of a server without its password')),
    ),
    databaseEnv: optional(parsed(variableName, 'NAME', 'read the URL from this environment variable')),
    dataDir: optional(text('FOLDER', SETTINGS.dataDir.help, 4096)),
    timeZone: optional(parsed(SETTINGS.timeZone.schema, 'ZONE', SETTINGS.timeZone.help)),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    data_dir: { type: 'text', optional: true },
    time_zone: { type: 'text' },
  },
  examples: [
    'config init',
    'config init --database embedded --time-zone Asia/Kolkata',
    'config init --database-env DATABASE_URL --config prod.json',
  ],
  details: `Writes pinnacle.config.json in this folder, or the file named by --config, and prompts on a terminal for what the
flags do not set. The file must not hold a password: name an environment variable that holds the whole URL.`,
  async run(input, ctx: Context) {
    const path = resolve(ctx.cwd, ctx.configSource.file ?? 'pinnacle.config.json');
    const database = await chooseDatabase(input, ctx.io);
    const timeZone = input.timeZone ?? (await chooseTimeZone(ctx.io));
    const exists = await stat(path).then(
      () => true,
      () => false,
    );
    if (exists) await ctx.confirm(`There is already a file ${path}. Replace it?`);
    const content = { database, dataDir: input.dataDir, timeZone };
    if (!ctx.dryRun) await writeConfig(path, `${JSON.stringify(content, null, 2)}\n`, exists);
    return {
      file: path,
      database: typeof database === 'string' ? database : `environment ${database.$env}`,
      data_dir: input.dataDir,
      time_zone: timeZone,
    };
  },
});
