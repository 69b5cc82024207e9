import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/io.ts';
import { namedRows, openTable } from '../../../src/platform/files/open-table.ts';
import type { Columns } from '../../../src/platform/files/read-header.ts';
import type { Failure } from '../../../src/util/failure.ts';

const KNOWN = { required: ['id', 'price'], optional: ['user_id', 'total_capital'] };

/** What the reader makes of bytes on stdin. */
async function read(content: string | Buffer, known: Columns = KNOWN, blocks = [Buffer.from(content)]) {
  const said: string[] = [];
  const stdin = Readable.from(blocks);
  const io = { stdin, say: async (line: string) => void said.push(line) } as unknown as Io;
  const table = await openTable('-', known, { io, signal: new AbortController().signal });
  const rows: Record<string, string>[] = [];
  const bad: string[] = [];
  for await (const block of namedRows(table)) {
    rows.push(...block.rows.map(({ values }) => values));
    bad.push(...block.bad.map(({ line, reason }) => `${line}: ${reason}`));
  }
  return { rows, bad, said };
}

const failure = (content: string | Buffer) =>
  read(content).then(
    () => 'taken',
    (error: Failure) => `${error.message} ${error.details.hint}`,
  );

const ONE = [{ id: '1', price: '2.5' }];

describe('a table', () => {
  it.each([
    ['plain', 'id,price\n1,2.5\n'],
    ['with a BOM and CRLF', '\ufeffid,price\r\n1,2.5\r\n'],
    ['with other case, order and blanks', ' Price , ID \n 2.5 , 1 \n'],
    ['with quotes', '"id","price"\n"1","2.5"\n'],
    ['with empty lines', '\n\nid,price\n\n1,2.5\n\n'],
    ['with rows that a spreadsheet left empty', 'id,price\n1,2.5\n,\n ,\n,,\n'],
    ['with trailing columns that a spreadsheet left empty', 'id,price,,\n1,2.5,,\n'],
    ['compressed', gzipSync('id,price\n1,2.5\n')],
    ['without an end of line', 'id,price\n1,2.5'],
  ])('is read %s', async (_name, content) => {
    expect(await read(content)).toEqual({ rows: ONE, bad: [], said: [] });
  });

  it('is read from NDJSON, where what is absent is empty', async () => {
    const { rows } = await read('{"id":1,"price":2.5}\n{"price":"3","id":"x","user_id":null}\n');
    expect(rows).toEqual([
      { id: '1', price: '2.5', user_id: '', total_capital: '' },
      { id: 'x', price: '3', user_id: '', total_capital: '' },
    ]);
  });

  const ALIASES = new Map([
    ['id', ['no', 'trade no']],
    ['price', ['rate']],
  ]);
  const FOREIGN: Columns = { required: ['id', 'price'], optional: [], aliases: ALIASES };

  it.each([
    ['as it is', FOREIGN],
    ['in place of ours', { ...KNOWN, instead: [FOREIGN] }],
  ])(
    'of another program is read behind a title, whatever a pipe brings at once, %s',
    async (_name, known) => {
      const text = 'A report,,\n\nof,"two\nlines",\nTrade_No,Rate,Note\n1,2.5,x\n';
      const whole = await read(text, known);
      expect(whole).toEqual({ rows: ONE, bad: [], said: [] });
      const letters = [...text].map((letter) => Buffer.from(letter));
      expect(await read(text, known, letters)).toEqual(whole);
    },
  );

  it('leaves out and names columns that nobody knows', async () => {
    expect(await read('id,note,price\n1,x,2.5\n')).toEqual({
      rows: ONE,
      bad: [],
      said: ['Columns left out: note'],
    });
  });

  it.each([
    ['id,price\n1,2,3\n', '2: has 3 fields, not 2'],
    ['id,price\n1\n', '2: has 1 fields, not 2'],
    ['id,price\n1,1,23,456.78\n', '2: has 4 fields, not 2: an amount must be without thousands separators'],
    ['id,price\n1,1,234\n', '2: has 3 fields, not 2: an amount must be without thousands separators'],
    ['id,price,,\n1,1,23,456.78\n', '2: has a value in column 3, which has no name'],
    ['id,price\n\n1,"2\n', '3: a quote is out of place'],
    ['{"id":1,"price":2,"User ID":"x"}\n', '1: has "User ID", which is no column; did you mean user_id?'],
  ])('refuses the row of %j', async (content, complaint) => {
    const { rows, bad } = await read(content);
    expect({ rows, bad }).toEqual({ rows: [], bad: [complaint] });
  });

  it.each<[string, string | Buffer, string]>([
    ['empty', '', 'stdin is empty. Its first line must name: id,price'],
    ['without a column', 'id\n1\n', 'has no column price. Its first line must name'],
    ['with a column twice', 'id,price,ID\n', 'has the column id twice'],
    ['with a nameless column inside', 'id,,price\n', 'column 2 has no name'],
    ['with User ID', 'id,price,User ID\n', 'has a column "User ID", which is unknown; did you mean user_id?'],
    ['with Capital', 'id,price,Capital\n', 'did you mean total_capital?'],
    ['with semicolons', 'id;price\n1;2\n', 'separated by semicolons'],
    ['with tabs', 'id\tprice\n1\t2\n', 'separated by tabs'],
    ['with sep=', 'sep=,\nid,price\n1,2\n', '"sep="'],
    ['with sep= and semicolons', 'sep=;\nid;price\n1;2\n', 'separated by semicolons'],
    ['with a title', 'Trades of May\n\nid,price\n1,2\n', 'Its header is line 3'],
    ['with columns of almost that name', 'Id,Prise\n1,2\n', 'Rename columns: price for "Prise"'],
    ['in a JSON list', '[{"id":1}]', 'one object per line'],
    ['in UTF-16LE', Buffer.from('\ufeffid,price\n', 'utf16le'), 'not UTF-8, but UTF-16'],
    ['in UTF-16BE', Buffer.from('\ufeffid,price\n', 'utf16le').swap16(), 'not UTF-8, but UTF-16'],
    ['in UTF-16BE without a BOM', Buffer.from('id,price\n', 'utf16le').swap16(), 'but UTF-16'],
    ['in Latin-1', Buffer.from('id,price,Käufer\n', 'latin1'), 'iconv -f WINDOWS-1252'],
    ['in a workbook', Buffer.from('PK\x03\x04abc'), 'Excel workbook'],
    ['cut off', gzipSync('id,price\n'.repeat(50)).subarray(0, 30), 'damaged or cut off'],
  ])('is refused %s, with the likely cause', async (_name, content, complaint) => {
    expect(await failure(content)).toContain(complaint);
  });

  it('is not waited for where a small file holds nothing but lines', async () => {
    const packed = gzipSync(Buffer.alloc(100_000_000, '\n'));
    const began = performance.now();
    expect(await failure(packed)).toContain('expands to more than 200 times');
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
