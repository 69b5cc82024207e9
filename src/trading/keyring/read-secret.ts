import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { Failure, usage } from '../../util/failure.ts';

const MAX_SECRET_BYTES = 65_536;

/** One line of secret text, without its trailing newline. Throws a usage error that quotes none of it. */
function secretLine(bytes: Uint8Array, what: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw usage(`${what} is not text in UTF-8.`);
  }
  if (text === '') throw usage(`${what} is empty.`);
  if (/\p{Cc}/u.test(text))
    throw usage(`${what} is not a single line of plain text: it contains control characters.`);
  return text;
}

/** The secret on stdin. Refuses a terminal, which would show it while it is typed. */
export async function secretFromStdin(ctx: Context, what: string): Promise<string> {
  if (ctx.io.stdin.isTTY)
    throw usage(`${what} would be visible while it is typed.`, 'Omit the flag to be prompted without echo.');
  return secretLine(await stdinBytes(ctx, what, MAX_SECRET_BYTES), what);
}

/** All of stdin, at most `max` bytes. */
export async function stdinBytes(ctx: Context, what: string, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.io.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > max) throw usage(`${what} is larger than ${max / 1_024} KiB.`);
  }
  return Buffer.concat(chunks);
}

/** The secret in a file. Throws SECRET_FILE_UNSAFE (exit 11) unless only its owner can read it. */
export async function secretFromFile(ctx: Context, file: string, what: string): Promise<string> {
  const path = resolve(ctx.cwd, file);
  const bytes = await readSecretFile(path, ctx.own.uid, 'The file');
  if (!bytes) throw new Failure('notFound', 'FILE_NOT_FOUND', `There is no file ${path}.`);
  return secretLine(bytes, what);
}

/** A secret typed without echo on a terminal. Throws NEEDS_ANSWER (exit 4), naming the flags, where there is none. */
export async function secretFromTerminal(ctx: Context, what: string, hint: string): Promise<string> {
  if (!ctx.io.canPrompt)
    throw new Failure(
      'needsAnswer',
      'NEEDS_ANSWER',
      `${what} is missing, and there is no terminal to prompt on.`,
      {
        hint,
      },
    );
  const { promptSecret } = await import('../../cli/prompt.ts');
  return secretLine(Buffer.from(await promptSecret(ctx.io, `${what}:`)), what);
}
