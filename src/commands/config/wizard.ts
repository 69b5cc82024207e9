import * as z from 'zod/mini';
import type { Io } from '../../cli/io.ts';
import { promptChoice, promptText } from '../../cli/prompt.ts';
import { maskSecrets, SETTINGS } from '../../platform/config/settings.ts';
import { usage } from '../../util/failure.ts';

/** The database setting in the file: a value, or the variable to read it from. */
export type Database = string | { $env: string };

/** `embedded` or a URL without a password. */
export const databaseAnswer = SETTINGS.database.schema.check(
  z.refine((value) => maskSecrets(value) === value, {
    error: 'must not hold a password: put the whole URL into an environment variable and name that',
  }),
);

export const variableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be the name of an environment variable' }));

interface Given {
  database: string | undefined;
  databaseEnv: string | undefined;
}

const CHOICES = {
  'embedded, in a folder of this machine': 'embedded',
  'a PostgreSQL server, its URL in an environment variable': 'variable',
  'a PostgreSQL server, its URL in the file without a password': 'url',
} as const;

/** The database from flags or a prompt; throws a usage error if it cannot prompt. */
export async function chooseDatabase({ database, databaseEnv }: Given, io: Io): Promise<Database> {
  if (database !== undefined && databaseEnv !== undefined)
    throw usage('--database and --database-env exclude each other.');
  if (database !== undefined) return database;
  if (databaseEnv !== undefined) return { $env: databaseEnv };
  if (!io.canPrompt)
    throw usage(
      'config init needs --database or --database-env.',
      'For example: pinnacle config init --database embedded',
    );
  const kind =
    CHOICES[(await promptChoice(io, 'Which database?', Object.keys(CHOICES))) as keyof typeof CHOICES];
  if (kind === 'embedded') return kind;
  if (kind === 'url') return promptText(io, 'Its URL:', complaint(databaseAnswer));
  return { $env: await promptText(io, 'Name of the variable:', complaint(variableName), 'DATABASE_URL') };
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
