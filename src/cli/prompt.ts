import { Failure, usage } from '../util/failure.ts';
import { escapeControls } from '../util/text.ts';
import type { Io } from './io.ts';

/** The only use of inquirer: questions go to stderr, so that stdout stays data. */
async function ask<T>(io: Io, question: { message: string } & Record<string, unknown>): Promise<T> {
  const { default: inquirer } = await import('inquirer');
  const prompt = inquirer.createPromptModule({
    input: io.stdin as NodeJS.ReadStream,
    output: io.err.stream as NodeJS.WriteStream,
  });
  const asked = performance.now();
  const interrupted = () =>
    new Failure('interrupted', 'INTERRUPTED', 'Interrupted at the question; nothing was changed.');
  // At Ctrl-D the library closes its input and answers nothing.
  let onPause = () => {};
  const closed = new Promise<never>((_, reject) => {
    onPause = () => void setImmediate(() => reject(interrupted()));
    io.stdin.once('pause', onPause);
  });
  try {
    const answers = await Promise.race([
      prompt([
        { ...question, message: escapeControls(question.message), name: 'answer' },
      ] as unknown as Parameters<typeof prompt>[0]),
      closed,
    ]);
    return (answers as { answer: T }).answer;
  } catch (error) {
    // The line of the question is not ended then.
    if (error instanceof Failure) await io.err.write('\n');
    if (error instanceof Error && error.name === 'ExitPromptError') throw interrupted();
    throw error;
  } finally {
    io.askedMs += performance.now() - asked;
    io.stdin.off('pause', onPause);
  }
}

/** Asks for a line of text until `check` returns no complaint; Enter alone answers `fallback`, if there is one. */
export function promptText(
  io: Io,
  message: string,
  check: (text: string) => string | undefined,
  fallback?: string,
): Promise<string> {
  return ask(io, {
    type: 'input',
    message,
    ...(fallback === undefined ? {} : { default: fallback }),
    validate: (text: string) => escapeControls(check(text) ?? '') || true,
  });
}

/** Asks for a secret, which is not shown while it is typed. */
export function promptSecret(io: Io, message: string): Promise<string> {
  return ask(io, { type: 'password', message, mask: false, toggleMask: false });
}

/** Asks to choose one of a few words. */
export function promptChoice(io: Io, message: string, choices: readonly string[]): Promise<string> {
  return ask(io, { type: 'select', message, choices: [...choices] });
}

/** Asks yes or no; Enter alone means no. */
export function promptYes(io: Io, message: string): Promise<boolean> {
  return ask(io, { type: 'confirm', message, default: false });
}

/** The consent that was given: a yes (--yes), and names (--confirm), each of which answers one question. */
export interface Consent {
  yes: boolean;
  names: string[];
}

/** Returns only after --yes or a yes on a terminal; otherwise throws (exit 4). */
export async function confirm(io: Io, consent: Consent, question: string): Promise<void> {
  if (consent.yes) return;
  if (!io.canPrompt) throw promptUnavailable(question, '--yes');
  if (!(await promptYes(io, question)))
    throw new Failure('needsAnswer', 'DECLINED', 'Cancelled; nothing changed.');
}

/**
 * Returns only after the name is typed, as --confirm NAME or on a terminal; --yes is not enough. A name from the command
 * line is used up: it answers no other question.
 */
export async function confirmByName(
  io: Io,
  { names }: Consent,
  name: string,
  question: string,
): Promise<void> {
  if (names.includes(name)) return void names.splice(names.indexOf(name), 1);
  const [wrong] = names;
  if (wrong !== undefined)
    throw usage(
      `--confirm says "${wrong}", but this is "${name}". Nothing was changed.`,
      `${question} Confirm it with --confirm ${name}.`,
    );
  if (!io.canPrompt) throw promptUnavailable(question, `--confirm ${name}`);
  await promptText(io, `${question} Type ${name} to go on:`, (text) =>
    text === name ? undefined : `Type ${name}, or press Ctrl-C to leave everything as it is.`,
  );
}

function promptUnavailable(question: string, flag: string): Failure {
  return new Failure(
    'needsAnswer',
    'NEEDS_ANSWER',
    `${question} Nobody is there to ask, so nothing was changed.`,
    {
      hint: `Say it with ${flag}.`,
    },
  );
}
