import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { findConfigFile } from '../../platform/config/file.ts';
import { maskSecrets, SETTING_NAMES, SETTINGS } from '../../platform/config/settings.ts';
import { Failure, usage } from '../../util/failure.ts';

/** What the PostgreSQL driver reads besides a URL. */
const DRIVER_VARIABLES = ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'PGPASSFILE', 'PGOPTIONS'];

/**
 * The variables that make a job find the configuration of this run: the configuration file, and settings that only flags
 * or this shell have. Throws NO_DATABASE, SECRET_IN_ENVIRONMENT for a setting that holds a password, or CONFIG_INVALID for one
 * with a line break (exit 78).
 */
export async function jobEnvironment(ctx: Context): Promise<Record<string, string>> {
  const { env, profile = env['PINNACLE_PROFILE'] } = ctx.configSource;
  const file = await findConfigFile(ctx.configSource);
  const { database } = await ctx.config();
  if (!database)
    throw new Failure('config', 'NO_DATABASE', 'No database is configured, so every job would exit 78.', {
      hint: 'Write a configuration file (pinnacle config init), or set PINNACLE_DATABASE=embedded.',
    });
  const settings = await environmentSettings(ctx);
  const driver = database === 'embedded' ? {} : driverSettings(env);
  const variables: Record<string, string> = {
    PATH: env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    ...(file && { PINNACLE_CONFIG: file.path }),
    ...(profile && { PINNACLE_PROFILE: profile }),
    ...(database === 'embedded' && env['XDG_DATA_HOME'] && { XDG_DATA_HOME: env['XDG_DATA_HOME'] }),
    ...settings,
    ...driver,
  };
  const broken = Object.entries(variables).find(([, value]) => /[\r\n]/.test(value));
  if (broken)
    throw new Failure(
      'config',
      'CONFIG_INVALID',
      `${broken[0]} has a line break, which no schedule can hold.`,
    );
  return variables;
}

/** The settings that come from flags and from variables of this shell, with absolute paths. */
async function environmentSettings(ctx: Context): Promise<Record<string, string>> {
  const { resolved } = await ctx.config();
  const found: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const { written, origin } = resolved[name];
    // Also a value of the file that is { "$env": NAME }.
    const variable = origin.startsWith('flag ')
      ? SETTINGS[name].env[0]
      : /(?:^|, )environment (\w+)$/.exec(origin)?.[1];
    if (variable === undefined || written === undefined) continue;
    const text = Array.isArray(written) ? written.join(' ') : String(written);
    if (text.split(' ').some((word) => maskSecrets(word) !== word)) throw secretInEnvironment(variable);
    found[variable] = text;
  }
  return found;
}

/**
 * The flags of this run that are for its jobs and are no settings. Throws a usage error for one that neither this run nor
 * its jobs could follow.
 */
export function jobFlags({ globals, cwd }: Pick<Context, 'globals' | 'cwd'>): string[] {
  const { insecureTls, primary, log, dryRun, confirm } = globals;
  if (dryRun)
    throw usage('schedule print changes nothing, and takes no --dry-run: its jobs are to take effect.');
  if (confirm)
    throw usage(
      'schedule print takes no --confirm: on a protected profile, jobs that write carry its name by themselves.',
    );
  return [
    ...(insecureTls ? ['--insecure-tls'] : []),
    ...(primary ? ['--primary'] : []),
    ...(log === undefined ? [] : [`--log=${resolve(cwd, log)}`]),
  ];
}

function driverSettings(env: Context['configSource']['env']): Record<string, string> {
  if (env['PGPASSWORD']) throw secretInEnvironment('PGPASSWORD');
  return Object.fromEntries(
    DRIVER_VARIABLES.flatMap((name) => (env[name] ? [[name, String(env[name])]] : [])),
  );
}

function secretInEnvironment(variable: string): Failure {
  return new Failure(
    'config',
    'SECRET_IN_ENVIRONMENT',
    `${variable} of this shell holds a password. Jobs would not have the variable, and a schedule must not contain it.`,
    {
      hint: 'Write it to a configuration file (pinnacle config init; a password can be { "$file": "PATH" }), unset the variable and print again with --config FILE.',
    },
  );
}
