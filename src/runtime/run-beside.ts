import { sameDatabase } from '../cli/globals.ts';
import type { Surroundings } from '../cli/io.ts';
import { keptStreams } from '../cli/kept-streams.ts';
import type { Context } from '../context.ts';

/** The program: a command line to its exit code, perhaps within the context of another. */
export type Run = (
  argv: readonly string[],
  around: Surroundings,
  signal: AbortSignal,
  within?: Context,
) => Promise<number>;

interface Beside {
  around: Surroundings;
  run: Run;
  /** `embedded`, or the URL of the server. */
  database: () => Promise<string>;
  /** Interrupts it. */
  stop: AbortSignal | undefined;
}

/** Runs a command line while another one runs, against the same database, and keeps what it prints. `argv` begins with a noun and a verb. */
export async function runBeside(
  ctx: Context,
  argv: readonly string[],
  columns: number,
  { around, run, database, stop }: Beside,
): Promise<{ code: number; text: string }> {
  const { stdin, stdout, stderr, all } = keptStreams(columns);
  // What was chosen for a person is not chosen where nobody can be asked.
  const isEmbedded = (await database()) === 'embedded';
  const env = isEmbedded ? { ...around.env, PINNACLE_DATABASE: 'embedded' } : around.env;
  const words = [...argv.slice(0, 2), ...sameDatabase(ctx.globals), '--no-color', ...argv.slice(2)];
  const streams = { stdin, stdout, stderr, attended: ctx.io.isAttended, page: undefined };
  const signal = stop === undefined ? ctx.signal : AbortSignal.any([ctx.signal, stop]);
  return { code: await run(words, { ...around, ...streams, env }, signal, ctx), text: all() };
}
