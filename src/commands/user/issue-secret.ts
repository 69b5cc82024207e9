import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { optional, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { generateApiKey, generateSessionToken, hashApiKey } from '../../platform/secrets/api-key.ts';
import { Failure, outputFailure, usage } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';

/** What is made here and shown once, by the column it is shown in. */
const SECRETS = {
  api_key: { word: 'key', generate: generateApiKey },
  token: { word: 'token', generate: generateSessionToken },
} as const;
type Column = keyof typeof SECRETS;

/** The flag of every command that gives a new key or token. */
export const outputFileFlag = (column: Column) =>
  optional(
    text('FILE', `write the ${SECRETS[column].word} to this new file, which only you can read`, 4_096),
  );

/** Where a new key or token is seen, for help. */
export const isShown = (column: Column) =>
  `The ${SECRETS[column].word} is shown this once: on a terminal, with --json, or in --output-file and then nowhere else. Into a pipe or a log it
is not written unless --json asks for it: only its SHA-256 is stored.`;

/** What a command tells of a new secret: itself, or the file that it went to; neither in a dry run. */
type Told<C extends Column> = Record<C, string | null> & { output_file: string | null };

/**
 * Makes an API key or a token for `work` to put in force, which is given its hash and what the result is to say of it.
 * Throws a usage error where nobody would see it, FILE_EXISTS where its file is there already.
 */
export async function withNewSecret<C extends Column, T>(
  ctx: Context,
  column: C,
  outputFile: string | undefined,
  work: (hash: string, told: Told<C>) => Promise<T>,
): Promise<T> {
  const { word, generate } = SECRETS[column];
  if (outputFile === undefined && !ctx.isVisible(column))
    throw usage(
      `The new ${word} would be shown to nobody, or be left in a log.`,
      'Say where it is to go: --output-file FILE, or --json.',
    );
  const secret = generate();
  const file = outputFile === undefined ? null : resolve(ctx.cwd, outputFile);
  const shown = file === null && !ctx.dryRun ? secret : null;
  const drop = file && !ctx.dryRun ? await deposit(file, secret) : undefined;
  const told = { [column]: shown, output_file: file } as Told<C>;
  return work(hashApiKey(secret), told).catch(async (error) => {
    // Where nobody knows whether it is in force, it is kept.
    if (!(error instanceof Failure && error.kind === 'unknown')) await drop?.();
    throw error;
  });
}

/** Writes it to a new file before it is in force: it must be in somebody's hands then. Gives what takes it back. */
async function deposit(file: string, secret: string): Promise<() => Promise<void>> {
  await writeAtomic(file, `${secret}\n`, false).catch((error) => {
    throw outputFailure(file, error, 'Name one that does not exist.');
  });
  return () => unlink(file).catch(() => {});
}
