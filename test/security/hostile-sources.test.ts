import { isUtf8 } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identifier } from '../../src/cli/flags.ts';
import { tradingSymbol } from '../../src/domain/symbol.ts';
import { parseJson } from '../../src/util/json.ts';
import { databases, sampled } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';
import { CORPUS, SYMBOL, some } from './corpus.ts';
import { openVictim } from './victim.ts';

const INVALID = Buffer.from([0x61, 0xc3, 0x28, 0xff, 0xfe, 0xed, 0xa0, 0x80]);
let turn = 0;
/** Texts for one place. */
const texts = () => some(Object.entries(CORPUS), 10, turn++);
/** The same as bytes, and bytes that are no text. */
const bytesOf = (): [string, Buffer][] => [
  ...texts().map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]),
  ['invalid UTF-8', INVALID],
];
/** What is fine as which field of a trade. */
const FINE: Readonly<Record<number, RegExp>> = { 0: /^[\x21-\x7e]{1,100}$/, 1: SYMBOL, 6: /^$/ };

const inCsv = (text: Buffer) => `"${text.toString('latin1').replaceAll('"', '""')}"`;

describe.each(databases)('hostile files, stdin and settings on $name', (kind) => {
  let victim: Awaited<ReturnType<typeof openVictim>>;
  beforeAll(async () => {
    victim = await openVictim(kind);
  });
  afterAll(() => victim.close());

  /** Runs a command line with the bytes as its FILE, and as its stdin. */
  const withBytes = async (line: string, bytes: Buffer) => {
    await writeFile(join(victim.cwd, 'FILE'), bytes, { mode: 0o600 });
    return victim.withstands(words(line), { stdin: bytes });
  };

  it.each([
    'order import FILE --as trades --user trader_001',
    'order import - --as trades --user trader_001 --keep-going --rejects /dev/null',
    'position mark --file FILE',
    'position mark --file -',
    'strategy add --file FILE',
    'strategy update rsi_dmi --file FILE',
    'user list --config FILE',
    'config validate --config FILE',
    'user verify-key',
    'audit verify --public-key FILE',
    'audit verify --anchor FILE',
  ])('as all of what is read: %s', async (line) => {
    for (const [name, bytes] of bytesOf()) {
      const { code } = await withBytes(line, bytes);
      const isConfig = line.includes('--config') && bytes.toString().trim() === '{}';
      expect(code === 0, name).toBe(isConfig);
    }
  });

  it('as a broker credential: any line of text is one', async () => {
    for (const [name, bytes] of bytesOf()) {
      const { code } = await withBytes(
        'user credentials set trader_001 --field broker_secret --from-file FILE',
        bytes,
      );
      const isLine = isUtf8(bytes) && bytes.length <= 8_192 && /^[^\p{Cc}]+$/u.test(bytes.toString('utf8'));
      expect(code === 0, name).toBe(isLine);
    }
  });

  const TRADE = ['t1', 'TCS', 'BUY', '1', '100', '2026-01-05T10:00:00Z', ''];
  it.each(TRADE.map((good, field) => ({ good, field })))(
    'as a field of a file of trades, for "$good"',
    async ({ field }) => {
      for (const [name, bytes] of bytesOf()) {
        const row = TRADE.map((value, i) => (i === field ? inCsv(bytes) : value));
        const header = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id\n';
        const csv = Buffer.from(`${header}${row.join(',')}\n`, 'latin1');
        const { code } = await withBytes('order import FILE --as trades --user trader_001 --dry-run', csv);
        expect(code === 0, name).toBe(FINE[field]?.test(bytes.toString().trim()) ?? false);
      }
    },
  );

  it('as every column of a file of trades', async () => {
    for (const [, bytes] of bytesOf())
      await withBytes(
        'position mark --file FILE',
        Buffer.from(`symbol,price,${inCsv(bytes)}\nTCS,1,2\n`, 'latin1'),
      );
  });

  it('as every variable of the environment', async () => {
    const rows = JSON.parse((await victim.withstands(['help', 'environment', '--json'])).stdout);
    const variables = (rows as { variable: string }[]).map(({ variable }) => variable);
    expect(variables.length).toBeGreaterThan(15);
    for (const variable of sampled(variables, 5))
      for (const [, text] of some(Object.entries(CORPUS), 3, turn++)) {
        const env = { [variable]: text.replaceAll('\0', '') };
        await victim.withstands(['config', 'show', '--no-color'], { env, tty: variable.length % 2 === 0 });
        await victim.withstands(['config', 'path', '--no-color'], { env });
      }
  });

  it('as every setting of the configuration', async () => {
    const shown = JSON.parse((await victim.withstands(['config', 'show', '--json'])).stdout);
    for (const { setting } of sampled(shown as { setting: string }[], 5))
      for (const [, text] of some(Object.entries(CORPUS), 3, turn++)) {
        const nested = setting.split('.').reduceRight<unknown>((value, key) => ({ [key]: value }), text);
        await withBytes('config show --config FILE', Buffer.from(JSON.stringify(nested)));
      }
  });
});

describe('what is plain', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());

  it('an identifier is ASCII letters, digits and _ . : - and stays as it was written', () => {
    const { schema } = identifier('ID', '');
    fc.assert(
      fc.property(anyText, (text) => {
        const { success, data } = schema.safeParse(text);
        expect(success).toBe(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,49}$/.test(text));
        if (success) expect(data).toBe(text);
      }),
    );
  });

  it('a symbol is made of ASCII by nothing but the case of its letters', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.string({ unit: fc.constantFrom('ı', 'ſ', 'K', 'i', 'S', '&', '1') })),
        (text) => {
          const { success, data } = tradingSymbol.safeParse(text);
          expect(success).toBe(SYMBOL.test(text.trim()));
          if (success) expect(data).toBe(text.trim().toUpperCase());
        },
      ),
    );
  });

  it('JSON is read as it is, or not at all', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        const huge =
          /\d/.test(text) &&
          [...text.matchAll(/-?\d[\d.e+-]*/g)].some(([n]) => Math.abs(Number(n)) > 2 ** 53 - 1);
        const hostile = /__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/.test(text) || huge;
        if (!hostile) expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
