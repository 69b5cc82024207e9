import { instant } from '../domain/instant.ts';
import { outputFailure } from '../util/failure.ts';
import { openAppending } from '../util/file.ts';
import { safeJson } from '../util/text.ts';

/** What a run says, as lines of JSON in a file: what goes to stderr, and how it ended. */
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
 * Opens the file of --log, made 0600 where it is not there, to write behind what it has. Throws OUTPUT_FAILED (exit 74)
 * where it cannot be opened; from then on a log that cannot be written keeps no command from its work.
 */
export async function openLog(path: string, { command, pid, now }: LoggedRun): Promise<Log> {
  const file = await openAppending(path).catch((error) => {
    throw outputFailure(path, error, 'Name another file with --log.');
  });
  return {
    async add(entry) {
      const line = safeJson({ at: instant(now()), pid, command, ...entry });
      // One write a line, so that those of several processes stay apart.
      await file.write(`${line}\n`).catch(() => {});
    },
    close: () => file.close().catch(() => {}),
  };
}
