import { Readable, Writable } from 'node:stream';

/**
 * Streams that keep what is written to them, in its order, and nothing to read: stdout as a terminal of so many columns, or as a pipe where none are given,
 * and stderr as a pipe.
 */
export function keptStreams(columns: number | undefined) {
  const written: { text: Buffer; isError: boolean }[] = [];
  const keeping = (isError: boolean) =>
    new Writable({
      write(chunk: Buffer | string, _encoding, done) {
        written.push({ text: Buffer.from(chunk), isError });
        done();
      },
    });
  const textOf = (parts: typeof written) => Buffer.concat(parts.map(({ text }) => text)).toString('utf8');
  return {
    stdin: Readable.from([]),
    stdout: Object.assign(keeping(false), columns === undefined ? {} : { isTTY: true, columns }),
    stderr: keeping(true),
    /** All that was written; what was written to one of them. */
    all: () => textOf(written),
    out: () => textOf(written.filter(({ isError }) => !isError)),
    err: () => textOf(written.filter(({ isError }) => isError)),
  };
}
