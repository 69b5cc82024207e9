import type { Globals } from '../../cli/globals.ts';
import type { Io } from '../../cli/io.ts';
import { report } from '../report.ts';
import { openJq } from './open-jq.ts';

export interface Filtered {
  globals: Globals;
  io: Io;
  signal: AbortSignal;
  /** Whether it goes on until it is interrupted. */
  isEndless?: boolean;
}

/**
 * Does work whose stdout, which is JSON, goes through the program of --jq. Where that fails it is reported, and the exit code is that of the
 * work unless it is 0. Throws a usage error, before the work begins, if the program does not compile.
 */
export async function throughJq(
  { globals, io, signal, isEndless }: Filtered,
  work: () => Promise<number>,
): Promise<number> {
  const jq = await openJq(globals.jq ?? '.', io, signal);
  io.out.filter(jq);
  try {
    const code = await work();
    const failure = await jq.end();
    if (failure === undefined) return code;
    // Ctrl-C is how an operator ends a watch.
    if (isEndless && signal.aborted) return failure.kind === 'interrupted' ? code : failure.exit;
    const exit = await report(failure, globals, io);
    return code === 0 ? exit : code;
  } finally {
    io.out.filter(undefined);
    await jq.close();
  }
}
