import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { optional, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { generateApiKey, generateSessionToken, hashApiKey } from '../../platform/secrets/api-key.ts';
import { Failure, outputFailure, usage } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';

/** Secrets that are generated here and shown once, by the column that shows them. */
const SECRETS = {
  api_key: { word: 'key', generate: generateApiKey },
  token: { word: 'token', generate: generateSessionToken },
} as const;
type Column = keyof typeof SECRETS;

/** The flag of every command that issues a new key or token. */
export const outputFileFlag = (column: Column) =>
  optional(
    text('FILE', `write the ${SECRETS[column].word} to this new file, which only you can read`, 4_096),
  );

/** Help text: where a new key or token is shown. */
export const isShown = (column: Column) =>
  `The ${SECRETS[column].word} is shown once: on a terminal, with --json, or only in the file of --output-file. It
is not written to a pipe or a log without --json. Only its SHA-256 is stored.`;

/** What an answer says of a new secret: its file, or the secret itself. Neither is known in a dry run. */
export function secretAnswer(
  what: string,
  secret: string | null | undefined,
  file: string | null | undefined,
) {
  return {
    kept: file ? `; the ${what} is in ${file}` : '',
    once: secret ? { what: `The ${what}`, secret } : undefined,
  };
}

/** The columns that report a new secret: the secret, or the file that holds it; both null in a dry run. */
type Columns<C extends Column> = Record<C, string | null> & { output_file: string | null };

/**
 * Generates an API key or a token and calls `work`, which stores its hash and adds the given columns to its result.
 * Throws a usage error if the secret would not be visible, FILE_EXISTS if its file already exists.
 */
export async function withNewSecret<C extends Column, T>(
  ctx: Context,
  column: C,
  outputFile: string | undefined,
  work: (hash: string, columns: Columns<C>) => Promise<T>,
): Promise<T> {
  const { word, generate } = SECRETS[column];
  if (outputFile === undefined && !ctx.isVisible(column))
    throw usage(
      `The new ${word} would not be shown, or would stay in a log.`,
      'Choose where it goes: --output-file FILE, or --json; a program of --jq must name its column.',
    );
  const secret = generate();
  const file = outputFile === undefined ? null : resolve(ctx.cwd, outputFile);
  const shown = file === null && !ctx.dryRun ? secret : null;
  const drop = file && !ctx.dryRun ? await deposit(file, secret) : undefined;
  const columns = { [column]: shown, output_file: ctx.dryRun ? null : file } as Columns<C>;
  return work(hashApiKey(secret), columns).catch(async (error) => {
    // If the outcome of the commit is unknown, the secret may be valid: keep the file.
    if (!(error instanceof Failure && error.kind === 'unknown')) await drop?.();
    throw error;
  });
}

/** Writes the secret to a new file before the commit, so that it cannot be lost. Returns a function that removes the file. */
async function deposit(file: string, secret: string): Promise<() => Promise<void>> {
  await writeAtomic(file, `${secret}\n`, false).catch((error) => {
    throw outputFailure(file, error, 'Name a file that does not exist.');
  });
  return () => unlink(file).catch(() => {});
}
