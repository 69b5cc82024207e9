import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { usage } from '../../util/failure.ts';
import { openInput } from '../../util/file.ts';
import { FileProblem, toFileProblem } from '../../util/file-problem.ts';

/**
 * The SHA-256 of these files in hex, by the name of their parameter. Throws a usage error for stdin, a pipe and what
 * cannot be read: such a file cannot be read twice.
 */
export async function hashInputs(
  paths: Readonly<Record<string, string>>,
  cwd: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const [name, path] of Object.entries(paths)) hashes[name] = await hashOf(path, cwd, signal);
  return hashes;
}

async function hashOf(path: string, cwd: string, signal: AbortSignal): Promise<string> {
  if (path === '-')
    throw usage(
      'Under an --idempotency-key the content of stdin cannot be compared.',
      'Write it to a file, and name the file.',
    );
  const hash = createHash('sha256');
  try {
    const { stream } = openInput(resolve(cwd, path), { signal });
    for await (const chunk of stream) hash.update(chunk);
    return hash.digest('hex');
  } catch (error) {
    const problem = toFileProblem(error, 'read');
    throw problem instanceof FileProblem ? usage(`The file ${path} ${problem.why}.`) : problem;
  }
}
