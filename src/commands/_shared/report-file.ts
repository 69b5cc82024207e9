import { extname, resolve } from 'node:path';
import { choice, optional } from '../../cli/flags.ts';
import { type Fields, RawOutput } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { exportFlags } from './export.ts';
import { agreedFormat } from './file-format.ts';

/** The flags of a report that can be written to a file, in one of some formats. */
export const reportFlags = <const F extends string>(formats: readonly [F, ...F[]], help: string) => ({
  format: {
    ...optional(choice(formats, 'FORMAT', help)),
    fallback: `that of the ending of FILE, or ${formats[0]}`,
  },
  output: exportFlags.output,
  force: exportFlags.force,
});

/** The columns of a report that is written to a file. */
export const reportFileFields = {
  file: { type: 'text' },
  bytes: { type: 'integer' },
  sha256: { type: 'text' },
} as const satisfies Fields;

interface Destination {
  output: string | undefined;
  force: boolean;
}

/**
 * The format in which a report is written: that of --format or of the ending of --output, else the first; undefined if neither
 * is given. Throws a usage error if they do not agree, or the ending is that of another format.
 */
export function reportFormat<F extends string>(
  { format, output }: { format: F | undefined; output: string | undefined },
  formats: readonly [F, ...F[]],
): F | undefined {
  if (format === undefined && output === undefined) return undefined;
  const endings = Object.fromEntries(formats.map((each) => [`.${each}`, each]));
  const agreed = agreedFormat(output ?? '', format, endings);
  const ending = extname(output ?? '');
  if (agreed === undefined && ending !== '')
    throw usage(
      `A report is written as ${formats.join(', ')}, and ${ending} is the ending of none of them.`,
      `Name the file .${formats[0]}, or add --format.`,
    );
  return agreed ?? formats[0];
}

/**
 * Writes a report to the file of --output, beside it first, readable by its owner only, or else to stdout. Throws FILE_EXISTS
 * without --force, OUTPUT_FAILED (exit 74).
 */
export async function writeReport(ctx: Context, { output, force }: Destination, text: string) {
  const bytes = Buffer.from(text);
  if (output === undefined) return new RawOutput<never>([bytes]);
  const { writeFileWhole } = await import('../../platform/files/write-file.ts');
  const file = resolve(ctx.cwd, output);
  return { file, ...(await writeFileWhole(file, force, [bytes])) };
}
