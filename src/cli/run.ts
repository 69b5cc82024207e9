import { idPart } from '../domain/shortened-id.ts';
import { EXITS } from '../util/exit-codes.ts';
import { Failure, usage } from '../util/failure.ts';
import { truncate } from '../util/text.ts';
import type { Command, Invocation, RailContext } from './command.ts';
import { type Entry, entriesOf } from './entries.ts';
import { type Param, piecesOf } from './flags.ts';
import { givenWords } from './given-words.ts';
import type { Globals } from './globals.ts';
import { AlreadyApplied, checkColumns, type ReplayedResult, render } from './output.ts';
import { type Field, type Fields, Finding, type RenderOptions, type Result } from './result.ts';

/**
 * Runs a verb: fills and checks its input, names the target of a write, prints what it returns.
 * Returns the exit code, 0, 6 or 11; throws Failure.
 */
export async function execute(invocation: Invocation, ctx: RailContext): Promise<number> {
  const { command, globals } = invocation;
  checkColumns(command.fields, globals);
  const input = await validate(await withWordsInFull(await complete(invocation, ctx), ctx));
  if (command.effect === 'read' && ctx.io.out.isTTY && !globals.json && !globals.csv) loadMeanwhile();
  if (command.effect !== 'read' && command.writesTo !== 'file') await guardTarget(ctx);
  if (!(await isOnlyInstance(invocation, input, ctx))) return 0;
  const { spoken } = ctx.io;
  const result = await runOnce(command, input, ctx);
  const finding = result instanceof Finding;
  if (globals.quiet && !finding && isNoAnswer(command) && !isAskedFor(globals)) return 0;
  await render(
    finding ? result.data : result,
    {
      now: ctx.now(),
      timeZone: ctx.timeZone,
      flags: globals,
      fields: revealed(command.fields, input),
      answer: finding ? undefined : (command.answer as RenderOptions['answer']),
      none: () => noRows(invocation, ctx.io.spoken > spoken),
      live: command.live,
      page: command.page && (async (row) => command.page?.(row as never, ctx) ?? []),
      charts: chartsOf(command, input),
    },
    ctx.io,
  );
  if (globals.dryRun && command.effect !== 'read')
    ctx.io.afterwards.push('Dry run: rolled back, nothing was changed.');
  return finding ? EXITS[result.kind][0] : 0;
}

/** Loads what draws tables while the database is asked, by when the verb waits for it. */
function loadMeanwhile(): void {
  setImmediate(() => void import('./render-table.ts'));
}

/**
 * Whether no other process runs the same command line, if the command asks for that. Throws ALREADY_RUNNING (exit 10),
 * unless --skip-if-running is given.
 */
async function isOnlyInstance(
  { command, globals }: Invocation,
  input: Record<string, unknown>,
  ctx: RailContext,
): Promise<boolean> {
  if (!command.singleInstance && !globals.skipIfRunning) return true;
  const holder = await ctx.singleInstance(input);
  if (holder === undefined) return true;
  const message = `The same command is running already${holder}.`;
  if (!globals.skipIfRunning)
    throw new Failure('busy', 'ALREADY_RUNNING', message, {
      hint: 'Wait for it; with --skip-if-running this ends 0 instead.',
      retryable: true,
    });
  await ctx.io.say(`${message} Nothing was done.`);
  return false;
}

/** Runs the verb; under an --idempotency-key that was used before, also concurrently, returns the first result. */
async function runOnce(command: Command, input: Record<string, unknown>, ctx: RailContext): Promise<Result> {
  const idempotent = await ctx.idempotent(input);
  const earlier = await idempotent?.replay();
  if (earlier) return replayResult(earlier, command, ctx);
  try {
    const result = await runWithFallback(command, input, ctx);
    await idempotent?.finish(result);
    return result;
  } catch (error) {
    if (error instanceof AlreadyApplied) return replayResult(error.earlier, command, ctx);
    throw error;
  }
}

async function replayResult(
  { result, at }: ReplayedResult,
  { fields }: Command,
  ctx: RailContext,
): Promise<Result> {
  const secret = Object.values(fields).some((field) => field.secret) ? ' (without the secret)' : '';
  await ctx.io.say(
    `Already applied with this idempotency key at ${at}; nothing changed. Original result${secret}:`,
  );
  return result;
}

/** Runs the verb; if a replica fails, runs it again on the primary, as nothing is printed yet. */
async function runWithFallback(
  command: Command,
  input: Record<string, unknown>,
  ctx: RailContext,
): Promise<Result> {
  const run = () => command.run(input as never, ctx);
  if (command.streams?.(input as never)) ctx.readPrimary();
  try {
    return await run();
  } catch (error) {
    if (error instanceof Failure || !ctx.readPrimary()) throw error;
    return run();
  }
}

/** The charts of the verb, for its input. */
const chartsOf = (command: Command, input: Record<string, unknown>): RenderOptions['charts'] =>
  command.charts && (async (row, terminal) => command.charts?.(row, terminal, input as never) ?? []);

/** The fields of this run: those columns that a flag shows or adds, where it was given. */
function revealed(fields: Fields, input: Record<string, unknown>): Fields {
  const show = (field: Field): Field =>
    field.shownWithFlag !== undefined && input[field.shownWithFlag] ? { ...field, hidden: undefined } : field;
  const given = (flag: string | undefined, otherwise: boolean) => {
    if (flag === undefined) return otherwise;
    const [name = '', word] = flag.split(':');
    return word === undefined ? Boolean(input[name]) : [input[name]].flat().includes(word);
  };
  const exists = ({ onlyWithFlag, exceptWithFlag }: Field) =>
    given(onlyWithFlag, true) && !given(exceptWithFlag, false);
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => exists(field))
      .map(([name, field]) => [name, show(field)]),
  );
}

/**
 * What a person is told who finds no rows: what was looked for, and what makes one; nothing where the verb has said itself what
 * that means.
 */
function noRows(invocation: Invocation, isExplained: boolean): string | undefined {
  const { effect, madeBy } = invocation.command;
  if (madeBy !== undefined)
    return `Nothing found by: ${givenWords(invocation)}\n  To make one: pinnacle ${madeBy}`;
  if (isExplained) return undefined;
  return `Nothing ${effect === 'read' ? 'found' : 'to do'} by: ${givenWords(invocation)}`;
}

/** Whether --quiet hides a result without findings. */
const isNoAnswer = ({ effect, verdict }: Command) => effect !== 'read' || verdict === true;

/** Whether an output format is given, so that --quiet prints the result. */
const isAskedFor = ({ json, csv, columns }: Globals) => Boolean(json ?? csv ?? columns);

/** Prints where a write goes; a protected profile requires its name. */
async function guardTarget(ctx: RailContext): Promise<void> {
  await ctx.io.say(`-> ${await ctx.target()}`);
  await ctx.confirmProfile();
}

/** Prompts for missing input; throws a usage error if prompts are not possible. */
async function complete(invocation: Invocation, ctx: RailContext): Promise<Entry[]> {
  const all = entriesOf(invocation);
  const isGiven = (flag: string | undefined) => flag !== undefined && invocation.options[flag] !== undefined;
  const missing = all.filter(
    ({ param, value }) => param.required && value === undefined && !isGiven(param.unless),
  );
  if (missing.length === 0) return all;
  if (!ctx.io.canPrompt) {
    const labels = missing.map(({ label }) => label).join(', ');
    throw usage(
      `${invocation.path.join(' ')} needs ${labels}.`,
      `For example: pinnacle ${invocation.command.examples[0]}`,
    );
  }
  const { promptChoice, promptText } = await import('./prompt.ts');
  for (const entry of missing) {
    const { param, label } = entry;
    entry.value = param.choices
      ? await promptChoice(ctx.io, `${param.help} (${label}):`, param.choices)
      : await promptText(ctx.io, `${param.help} (${label}):`, (text) =>
          idPart(param.placeholder ?? '', text) ? undefined : problem(param, text),
        );
  }
  return all;
}

/** The same with each id in full that was written shortened. */
async function withWordsInFull(all: readonly Entry[], ctx: RailContext): Promise<Entry[]> {
  const whole = async ({ placeholder = '' }: Param, value: unknown): Promise<unknown> => {
    if (typeof value === 'string') return ctx.inFull(placeholder, value);
    return Array.isArray(value) ? Promise.all(value.map((each) => ctx.inFull(placeholder, each))) : value;
  };
  const given = ({ param, value }: Entry) => (param.several && value !== undefined ? piecesOf(value) : value);
  return Promise.all(all.map(async (entry) => ({ ...entry, value: await whole(entry.param, given(entry)) })));
}

function problem(param: Param, value: unknown): string | undefined {
  const result = param.schema.safeParse(value);
  return result.success ? undefined : result.error.issues.map((issue) => issue.message).join('; ');
}

/** The checked input of the verb; all complaints at once, exit 2. */
async function validate(all: readonly Entry[]): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = {};
  const complaints: string[] = [];
  const guesses: string[] = [];
  for (const { key, label, param, value } of all) {
    const result = param.schema.safeParse(value);
    if (result.success) {
      input[key] = result.data;
      continue;
    }
    const [issue] = result.error.issues;
    const [at] = issue?.path ?? [];
    const wrong = String(Array.isArray(value) && typeof at === 'number' ? value[at] : value);
    const echo = param.secret ? '' : `, not ${JSON.stringify(truncate(wrong))}`;
    complaints.push(`${label} ${issue?.message ?? 'is not valid'}${echo}`);
    const { valueMeant } = await import('./meant.ts');
    guesses.push(...valueMeant(param, wrong).map((meant) => `${label} ${meant}`));
  }
  if (complaints.length === 0) return input;
  throw usage(
    `${complaints.join('.\n')}.`,
    guesses.length === 0 ? undefined : `Did you mean ${guesses.join(' ')}?`,
  );
}
