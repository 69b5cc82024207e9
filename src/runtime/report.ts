import { broken } from '../cli/charts/terminal.ts';
import type { Globals } from '../cli/globals.ts';
import type { Io } from '../cli/io.ts';
import { errorObject, Failure } from '../util/failure.ts';
import { escapeControlLines, safeJson } from '../util/text.ts';

/** Reports a failure on stderr, as text or as the error object of --json, and returns its exit code. */
export async function report(error: unknown, globals: Globals, io: Io): Promise<number> {
  const known = error instanceof Failure ? error : unexpected();
  await io.log?.add({ level: 'error', ...errorObject(known).error });
  if (globals.json !== undefined) await io.err.write(`${safeJson(errorObject(known))}\n`);
  else {
    const paint = io.paint(io.err);
    const [first, ...more] = escapeControlLines(known.message);
    const hint = known.details.hint ? escapeControlLines(known.details.hint).map((line) => `  ${line}`) : [];
    const lines = [`error: ${first}`, ...more.map((line) => `       ${line}`), ...hint];
    const width = io.err.isTTY ? io.err.width : undefined;
    const text = io
      .shown(lines.join('\n'))
      .split('\n')
      .flatMap((line) => broken(line, width))
      .join('\n');
    await io.err.write(`${text.replace('error:', paint.red('error:'))}\n`);
  }
  if (globals.debug) {
    const { debugTrail } = await import('./debug-trail.ts');
    await io.err.write(`${await debugTrail(error)}\n`);
  }
  return known.exit;
}

function unexpected(): Failure {
  return new Failure('failure', 'UNEXPECTED', 'Something went wrong that should not have.', {
    hint: 'Run it again with --debug to see where.',
    changed: null,
  });
}
