import { instant } from '../domain/instant.ts';
import { outputFailure } from '../util/failure.ts';
import { openAppending } from '../util/file.ts';
import { safeJson } from '../util/text.ts';

/** The log of a run, a file of JSON lines: what goes to stderr, and how the run ended. */
export interface Log {
  add: (entry: Readonly<Record<string, unknown>>) => Promise<void>;
  close: () => Promise<void>;
}

interface LoggedRun {
  /** The command as the operator knows it. */
  command: string;
  pid: number;
  now: () => Date;
}

/**
 * Opens the file of --log to append, created with mode 0600 if missing. Throws OUTPUT_FAILED (exit 74) if it cannot be
 * opened; later write errors do not stop the command.
 */
export async function openLog(path: string, { command, pid, now }: LoggedRun): Promise<Log> {
  const file = await openAppending(path).catch((error) => {
    throw outputFailure(path, error, 'Name another file with --log.');
  });
  return {
    async add(entry) {
      const line = safeJson({ at: instant(now()), pid, command, ...entry });
      // One write per line, so that lines of several processes do not mix.
      await file.write(`${line}\n`).catch(() => {});
    },
    close: () => file.close().catch(() => {}),
  };
}
