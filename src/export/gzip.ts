import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** The pieces compressed; what fails in the making of them is thrown here. */
export function gzipped(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // Errors of the source come out of the compressor, where the pieces are read.
  return pipeline(Readable.from(pieces), createGzip({ level: 6 }), () => {});
}
