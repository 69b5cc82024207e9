import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createIo, Sink } from '../../src/cli/io.ts';
import { checkColumns, render } from '../../src/cli/output.ts';
import type { Fields, OutputFlags, Result } from '../../src/cli/result.ts';

const NOW = new Date('2026-03-10T10:00:00Z');
const fields: Fields = {
  order_id: { type: 'text' },
  quantity: { type: 'integer' },
  amount: { type: 'money' },
  note: { type: 'text' },
  created_at: { type: 'time' },
  open: { type: 'boolean' },
  body: { type: 'json', hidden: true },
};
const row = {
  order_id: 'ord_1',
  quantity: 1_234_567,
  amount: '-1234567.80',
  note: null,
  created_at: '2026-03-10T09:55:00.000Z',
  open: true,
  body: { a: [1] },
};

/** What is written for a result, to a pipe or a terminal. */
async function rendered(
  result: Exclude<Result, { data: unknown }>,
  flags: OutputFlags = {},
  tty = false,
): Promise<string> {
  let text = '';
  const stream = () =>
    new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
  const surroundings = { stdin: new PassThrough(), env: { LANG: 'C.UTF-8' } } as unknown as Parameters<
    typeof createIo
  >[0];
  const flagsOfIo = { quiet: false, color: false, input: false };
  const io = createIo(surroundings, new Sink(stream(), tty), new Sink(stream()), flagsOfIo);
  await render(result, { now: NOW, timeZone: async () => 'Asia/Kolkata', flags, fields }, io);
  return text;
}

describe('JSON', () => {
  it('has every column, null for what is missing, amounts as text, times as they are', async () => {
    expect(JSON.parse(await rendered([row], { json: true }))).toEqual([row]);
    expect(JSON.parse(await rendered({ order_id: 'x' }, { json: true }))).toMatchObject({ amount: null });
  });

  it('is an array for a list, even of nothing, and an object for a single thing', async () => {
    expect(await rendered([], { json: true })).toBe('[]\n');
    expect(JSON.parse(await rendered(row, { json: 'order_id,quantity' }))).toEqual({
      order_id: 'ord_1',
      quantity: 1_234_567,
    });
  });

  it('streams more rows than fit a batch as one array', async () => {
    async function* many() {
      for (let i = 0; i < 2_500; i++) yield { order_id: `ord_${i}` };
    }
    const parsed = JSON.parse(await rendered(many(), { json: 'order_id' }));
    expect(parsed).toHaveLength(2_500);
    expect(parsed[2_499]).toEqual({ order_id: 'ord_2499' });
  });
});

it('reads no more rows than anybody wants', async () => {
  const reader = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(), { code: 'EPIPE' })),
  });
  let read = 0;
  async function* endless() {
    for (;;) yield { order_id: `ord_${read++}` };
  }
  await render(endless(), { now: NOW, timeZone: async () => 'UTC', flags: {}, fields }, {
    out: new Sink(reader),
  } as unknown as ReturnType<typeof createIo>);
  expect(read).toBeLessThan(5_000);
});

describe('CSV', () => {
  it('has a header, quotes where it must, and a header alone for nothing', async () => {
    const flags = { csv: true, columns: 'order_id,note' };
    expect(await rendered([{ order_id: 'a,"b"', note: 'x' }], flags)).toBe('order_id,note\n"a,""b""",x\n');
    expect(await rendered([], flags)).toBe('order_id,note\n');
    expect(await rendered({ order_id: 'a', note: null }, flags)).toBe('order_id,note\na,\n');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+91', "'+91"],
    ['-12.50', "'-12.50"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['a=b', 'a=b'],
  ])('makes text inert: %s', async (note, cell) => {
    expect(await rendered([{ note }], { csv: true, columns: 'note' })).toBe(`note\n${cell}\n`);
  });

  it('leaves numbers and amounts as they are', async () => {
    const values = { quantity: -5, amount: '-12.50' };
    expect(await rendered([values], { csv: true, columns: 'quantity,amount' })).toBe(
      'quantity,amount\n-5,-12.50\n',
    );
  });
});

describe('a pipe', () => {
  it('gets tab-separated rows without a header, untruncated, without hidden columns', async () => {
    const note = 'x'.repeat(300);
    expect(await rendered([{ ...row, note }])).toBe(
      `ord_1\t1234567\t-1234567.80\t${note}\t2026-03-10T09:55:00.000Z\ttrue\n`,
    );
    expect(await rendered([])).toBe('');
  });

  it('gets the names of a single thing', async () => {
    expect(await rendered(row, { columns: 'order_id,amount' })).toBe(
      'order_id\tord_1\namount\t-1234567.80\n',
    );
  });

  it('gets no line or column that the data made up', async () => {
    expect(await rendered([{ order_id: 'a\tb\nc\u001b[2J' }], { columns: 'order_id' })).toBe(
      'a\\u{9}b\\u{a}c\\u{1b}[2J\n',
    );
  });
});

describe('a terminal', () => {
  it('gets a table for people', async () => {
    const [head, body] = (await rendered([row], {}, true)).split('\n');
    expect(head?.trim().split(/\s{2,}/)).toEqual([
      'order_id',
      'quantity',
      'amount',
      'note',
      'created_at',
      'open',
    ]);
    expect(body?.trim().split(/\s{2,}/)).toEqual([
      'ord_1',
      '12,34,567',
      '-₹12,34,567.80',
      '-',
      '5 min ago',
      'yes',
    ]);
  });

  it('gets UTC with --utc, and hidden columns by name', async () => {
    const text = await rendered(row, { utc: true, columns: 'created_at,body' }, true);
    expect(text).toBe('created_at  2026-03-10T09:55:00.000Z\nbody        {"a":[1]}\n');
  });

  it('is not driven by the data', async () => {
    expect(await rendered([{ note: '\u001b]0;x\u0007\u202e' }], { columns: 'note' }, true)).toContain(
      '\\u{1b}]0;x\\u{7}\\u{202e}',
    );
  });
});

describe('columns', () => {
  it.each([{ json: 'order_id,staus' }, { columns: 'staus' }, { json: '' }, { columns: 'constructor' }])(
    'that are not there are refused with the list: %j',
    (flags) => {
      expect(() => checkColumns({ ...fields, status: { type: 'text' } }, flags)).toThrow(
        /There is no column/,
      );
      try {
        checkColumns(fields, flags);
      } catch (error) {
        expect(error).toMatchObject({
          exit: 2,
          details: { hint: expect.stringContaining('order_id, quantity') },
        });
      }
    },
  );

  it('stand in the order they were asked for', async () => {
    expect(await rendered([row], { columns: 'amount, order_id' })).toBe('-1234567.80\tord_1\n');
  });

  it('cannot be JSON and CSV at once', () => {
    expect(() => checkColumns(fields, { json: true, csv: true })).toThrow('exclude each other');
  });
});
