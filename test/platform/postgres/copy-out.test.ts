import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyOutOf } from '../../../src/platform/postgres/copy-out.ts';

function message(kind: string, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header.write(kind);
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** Bytes in parts that end at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % bytes.length)), bytes.length].sort((a, b) => a - b);
  return ends
    .map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)))
    .filter((part) => part.length > 0);
}

const row = fc.oneof(
  fc.string({ maxLength: 30 }).map((text) => `${text}\n`),
  fc.constantFrom(60_000, 262_144, 300_000).map((length) => `${'x'.repeat(length)}\n`),
);

it('puts the rows together wherever the messages of the server are cut, and passes on the others', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 20 }),
      fc.nat(20),
      fc.array(fc.nat(), { maxLength: 20 }),
      async (rows, noticeAt, places) => {
        const stream = new PassThrough();
        const passed: Buffer[] = [];
        const copy = copyOutOf('COPY t TO STDOUT');
        const ends = [message('c', Buffer.alloc(0)), message('C', Buffer.from('COPY\0'))];
        const notice = message('N', Buffer.from('SNOTICE\0\0'));
        let isOver = false;
        stream.on('data', (bytes: Buffer) => {
          passed.push(bytes);
          if (isOver || !Buffer.concat(passed).subarray(-5).equals(Buffer.from('COPY\0'))) return;
          isOver = true;
          copy.handleCommandComplete();
          copy.handleReadyForQuery();
        });
        copy.submit({ stream, query: () => {} });
        const messages = rows.map((text) => message('d', Buffer.from(text)));
        messages.splice(noticeAt, 0, notice);
        for (const part of cut(Buffer.concat([...messages, ...ends]), places)) stream.write(part);
        const pieces: Buffer[] = [];
        for await (const piece of copy.pieces()) pieces.push(piece);
        expect(Buffer.concat(pieces).toString()).toBe(rows.join(''));
        expect(pieces.every((piece) => piece.at(-1) === 0x0a)).toBe(true);
        expect(Buffer.concat(passed)).toEqual(Buffer.concat([notice, ...ends]));
      },
    ),
    { numRuns: 100 },
  );
});
