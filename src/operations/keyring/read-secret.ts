import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { Failure, usage } from '../../util/failure.ts';

const MAX_BYTES = 65_536;

/** A line of secret text: one trailing newline is taken off. Throws a usage error that does not hold a letter of it. */
function secretLine(bytes: Uint8Array, what: string): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw usage(`${what} is not text in UTF-8.`);
  }
  if (text === '') throw usage(`${what} is empty.`);
  if (/\p{Cc}/u.test(text)) throw usage(`${what} is not one line of plain text: it has control characters.`);
  return text;
}

/** All of stdin, where it is no terminal: there it would be seen while it is typed. */
export async function secretFromStdin(ctx: Context, what: string): Promise<string> {
  if (ctx.io.stdin.isTTY)
    throw usage(
      `${what} would be seen while it is typed.`,
      'Leave the flag away, and it is asked for unseen.',
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.io.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > MAX_BYTES) throw usage(`${what} is larger than 64 KiB.`);
  }
  return secretLine(Buffer.concat(chunks), what);
}

/** The line in a file that only its owner can read; throws SECRET_FILE_UNSAFE (exit 11) for another. */
export async function secretFromFile(ctx: Context, file: string, what: string): Promise<string> {
  const path = resolve(ctx.cwd, file);
  const bytes = await readSecretFile(path, ctx.own.uid, 'The file');
  if (!bytes) throw new Failure('notFound', 'FILE_NOT_FOUND', `There is no file ${path}.`);
  return secretLine(bytes, what);
}

/** A line typed unseen on a terminal; throws NEEDS_ANSWER (exit 4), naming the flags, where there is none. */
export async function secretFromTerminal(ctx: Context, what: string, hint: string): Promise<string> {
  if (!ctx.io.mayAsk)
    throw new Failure('needsAnswer', 'NEEDS_ANSWER', `${what} is missing, and nobody is there to ask.`, {
      hint,
    });
  const { promptSecret } = await import('../../cli/prompt.ts');
  return secretLine(Buffer.from(await promptSecret(ctx.io, `${what}:`)), what);
}
