import * as z from 'zod/mini';
import type { Io } from '../../cli/io.ts';
import { promptChoice, promptText } from '../../cli/prompt.ts';
import type { Context } from '../../context.ts';
import type { SecretFile, ServerSetting } from '../../operations/setup/choose-server.ts';
import { maskSecrets, SETTINGS } from '../../platform/config/settings.ts';
import { usage } from '../../util/failure.ts';

/** `embedded` or a URL without a password. */
export const databaseAnswer = SETTINGS.database.schema.check(
  z.refine((value) => maskSecrets(value) === value, {
    error: 'must not hold a password: put the whole URL into an environment variable and name that',
  }),
);

const serverAnswer = databaseAnswer.check(
  z.refine((value) => value !== 'embedded', { error: 'must be the URL of a server' }),
);

export const variableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' }));

interface Given {
  database: string | undefined;
  databaseEnv: string | undefined;
  /** Whether the server is tried before anything is written. */
  check: boolean;
  /** The variable with the URL of a login that makes what is missing. */
  createAs: string | undefined;
}

const CHOICES = {
  'embedded, in a folder of this machine': 'embedded',
  'a PostgreSQL server, its URL in an environment variable': 'variable',
  'a PostgreSQL server, its URL in the file without a password': 'url',
} as const;

/**
 * The database from flags, or from questions that are about a server that answers. `file` is for a password. Throws a
 * usage error if it cannot prompt, and what is wrong with a server that is to be checked.
 */
export async function chooseDatabase(given: Given, file: SecretFile, ctx: Context): Promise<ServerSetting> {
  const { database, databaseEnv, createAs } = given;
  if (database !== undefined && databaseEnv !== undefined)
    throw usage('--database and --database-env exclude each other.');
  if (createAs !== undefined && (database ?? databaseEnv ?? 'embedded') === 'embedded')
    throw usage('--create-as needs the URL of a server: --database or --database-env.');
  if (database !== undefined || databaseEnv !== undefined) return fromFlags(given, ctx);
  if (!ctx.io.canPrompt)
    throw usage(
      'config init needs --database or --database-env.',
      'For example: pinnacle config init --database embedded',
    );
  const kind =
    CHOICES[(await promptChoice(ctx.io, 'Which database?', Object.keys(CHOICES))) as keyof typeof CHOICES];
  if (kind === 'embedded') return kind;
  const { chooseServer } = await import('../../operations/setup/choose-server.ts');
  const ask =
    kind === 'url'
      ? { url: () => promptText(ctx.io, 'Its URL:', complaint(serverAnswer)) }
      : {
          variable: () =>
            promptText(ctx.io, 'Name of the variable:', complaint(variableName), 'DATABASE_URL'),
        };
  return chooseServer(ctx, ask, file);
}

async function fromFlags(
  { database, databaseEnv, check, createAs }: Given,
  ctx: Context,
): Promise<ServerSetting> {
  const setting = database ?? { $env: databaseEnv ?? '' };
  if (database === 'embedded' || (!check && createAs === undefined)) return setting;
  const { prepareServer } = await import('../../operations/setup/prepare-server.ts');
  await prepareServer(
    ctx,
    database ?? readVariable(databaseEnv, ctx),
    createAs && readVariable(createAs, ctx),
  );
  return setting;
}

/** The value of a variable that flags name. */
function readVariable(name = '', { configSource: { env } }: Context): string {
  const value = env[name];
  if (!value)
    throw usage(
      `The environment variable ${name} is not set.`,
      'Without --check and --create-as it need not be.',
    );
  return value;
}

/** The time zone from a prompt; the default if it cannot prompt. */
export async function chooseTimeZone(io: Io): Promise<string> {
  const { fallback, help, schema } = SETTINGS.timeZone;
  if (!io.canPrompt) return fallback;
  return promptText(io, `${help}:`, complaint(schema), fallback);
}

/** Returns a validator for prompts: the problem of an answer, or undefined. */
function complaint(schema: z.ZodMiniType): (answer: string) => string | undefined {
  return (answer) => {
    const result = schema.safeParse(answer);
    return result.success ? undefined : result.error.issues.map(({ message }) => message).join('; ');
  };
}
