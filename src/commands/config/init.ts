import { rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, secret, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import type { SecretFile } from '../../operations/setup/choose-server.ts';
import { SETTINGS } from '../../platform/config/settings.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
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
    check: toggle('connect to the server before the file is written'),
    createAs: optional(
      parsed(
        variableName,
        'NAME',
        'make the role and the database of the URL where they are missing, as the login whose URL is in this environment variable',
      ),
    ),
    timeZone: optional(parsed(SETTINGS.timeZone.schema, 'ZONE', SETTINGS.timeZone.help)),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    data_dir: { type: 'text', optional: true },
    time_zone: { type: 'text' },
  },
  answer: ({ file, database, time_zone }) => ({
    done: `Wrote ${file}: database ${database}, times in ${time_zone}`,
    next: ['migrate', 'up'],
  }),
  examples: [
    'config init',
    'config init --database embedded --time-zone Asia/Kolkata',
    'config init --database-env DATABASE_URL --config prod.json',
    'config init --database-env DATABASE_URL --create-as ADMIN_URL --check',
  ],
  details: `Writes pinnacle.config.json in this folder, or the file named by --config, and prompts on a terminal for what the
flags do not set. There it connects to the server as you name it and says what is wrong (host, login, database, TLS, rights), so that you
can correct it, and offers to make the role and the database as a login that may. The file must not hold a password: name an environment
variable that holds the whole URL, or let it be written into a file of its own that only you can read. Without a terminal nothing is
connected to without --check, and nothing made without --create-as.`,
  async run(input, ctx: Context) {
    const path = resolve(ctx.cwd, ctx.configSource.file ?? 'pinnacle.config.json');
    // Nothing is asked that may end it once a role is made whose password only the file has.
    await confirmReplacing(path, ctx);
    const timeZone = input.timeZone ?? (await chooseTimeZone(ctx.io));
    const database = await chooseDatabase(input, secretFile(join(dirname(path), SECRET_FILE), ctx), ctx);
    const text = `${JSON.stringify({ database, dataDir: input.dataDir, timeZone }, null, 2)}\n`;
    if (!ctx.dryRun) await writeConfig(path, text, await exists(path));
    return {
      file: path,
      database: describe(database),
      data_dir: input.dataDir,
      time_zone: timeZone,
    };
  },
});

const SECRET_FILE = 'pinnacle.database-url';

/** The file beside the configuration for the URL with the password. */
function secretFile(path: string, ctx: Context): SecretFile {
  return {
    name: SECRET_FILE,
    read: async () => (await readSecretFile(path, ctx.own.uid, 'The file'))?.toString('utf8').trim(),
    async write(url) {
      await confirmReplacing(path, ctx);
      if (!ctx.dryRun) await writeConfig(path, `${url}\n`, await exists(path));
    },
    remove: () => rm(path, { force: true }),
  };
}

async function confirmReplacing(path: string, ctx: Context): Promise<void> {
  if (await exists(path)) await ctx.confirm(`There is already a file ${path}. Replace it?`);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function describe(database: string | { $env: string } | { $file: string }): string {
  if (typeof database === 'string') return database;
  return '$env' in database ? `environment ${database.$env}` : `file ${database.$file}`;
}
