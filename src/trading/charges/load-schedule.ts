import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import { readSchedule } from '../../domain/charges/read-schedule.ts';
import type { Schedule } from '../../domain/charges/schedule.ts';
import { SHIPPED_SCHEDULE } from '../../domain/charges/shipped-schedule.ts';
import { usage } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';
import { parseJson } from '../../util/json.ts';
import { escapeControls } from '../../util/text.ts';

const MAX_BYTES = 65_536;
const MAX_NAMED = 10;

/**
 * The schedule of charges in a file, or else that of the setting charges.schedule, or else the one that comes with the
 * program. Throws a usage error that names each field that is wrong.
 */
export async function loadSchedule(ctx: Context, file: string | undefined): Promise<Schedule> {
  const path = file === undefined ? (await ctx.config()).charges.schedule : resolve(ctx.cwd, file);
  if (path === undefined) return SHIPPED_SCHEDULE;
  const read = readSchedule(await jsonOf(path));
  if (!('problems' in read)) return read;
  const named = read.problems.slice(0, MAX_NAMED).map(escapeControls);
  throw usage(
    [`${path} is no schedule of charges:`, ...named].join('\n'),
    'docs/charges.md says what it must be.',
  );
}

async function jsonOf(path: string): Promise<unknown> {
  try {
    const { bytes } = await readInput(path, MAX_BYTES);
    return parseJson(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof FileProblem) throw usage(`The schedule of charges ${path} ${error.why}.`);
    if (error instanceof RangeError) throw usage(`The schedule of charges ${path} ${error.message}.`);
    throw error;
  }
}
