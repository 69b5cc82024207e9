import { invalid } from '../../platform/config/file.ts';
import { refused } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';

/** Writes a configuration file atomically. Throws FILE_EXISTS unless `replace`, CONFIG_INVALID. */
export async function writeConfig(path: string, text: string, replace: boolean): Promise<void> {
  await writeAtomic(path, text, replace).catch((error) => {
    if (!(error instanceof FileProblem)) throw error;
    if (error.code === 'EEXIST')
      throw refused('FILE_EXISTS', `There is already a file ${path}.`, 'Replace it with --yes.');
    throw invalid(
      `${path} ${error.why}.`,
      error.code === 'ELOOP' ? 'Name the file behind it with --config.' : undefined,
    );
  });
}
