import { extname } from 'node:path';
import { usage } from '../../util/failure.ts';

/** The format that --format and the ending of a file's name agree on; undefined if neither says. Throws a usage error if they do not. */
export function agreedFormat<F extends string>(
  name: string,
  format: F | undefined,
  endings: Readonly<Record<string, F>>,
): F | undefined {
  const ending = extname(name).toLowerCase();
  const named = endings[ending];
  if (format !== undefined && named !== undefined && named !== format)
    throw usage(`--format says ${format}, but a file that ends in ${ending} holds ${named}.`);
  return format ?? named;
}
