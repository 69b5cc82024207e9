import { CliError } from '../cli/errors.ts';
import { readInput } from '../util/file.ts';
import { parseJson } from '../util/json.ts';
import { UnfitFile } from '../util/unfit.ts';

// A configuration is a few hundred bytes.
const MAX_BYTES = 65_536;

/** The configuration cannot be used: exit 78. */
export function invalid(message: string, hint?: string): CliError {
  return new CliError('config', 'CONFIG_INVALID', message, hint ? { hint } : {});
}

/** A regular file of at most 64 KiB, with its mode and owner; undefined where there is none. Throws CONFIG_INVALID. */
export async function read(
  path: string,
  what: string,
  hint?: string,
): Promise<{ text: string; mode: number; uid: number } | undefined> {
  try {
    const { bytes, stats } = await readInput(path, MAX_BYTES);
    return { text: bytes.toString('utf8'), mode: stats.mode, uid: stats.uid };
  } catch (error) {
    if (!(error instanceof UnfitFile)) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw invalid(`${what} ${path} ${error.why}.`, hint);
  }
}

/** JSON of a file; throws CONFIG_INVALID without a word of its text. */
export function parse(path: string, text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw invalid(`${path} ${(error as Error).message}.`);
  }
}
