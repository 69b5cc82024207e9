import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

const ORDER = ['--symbol', 'RELIANCE', '--side', 'BUY', '--quantity', '100', '--price', '1400'];
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-charges-'));
const fileOf = (name: string, content: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const OWN = {
  name: 'own-2027',
  extends: 'shipped',
  sources: { plan: 'letter of the broker' },
  rates: [
    {
      ...{ levy: 'brokerage', exchanges: ['NSE'], segments: ['intraday'], amount: '7', from: '2026-04-01' },
      source: 'plan',
    },
  ],
};

describe.each(databases)('charges estimate on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  const estimate = (...argv: string[]) => db.json<Record<string, unknown>>('charges', 'estimate', ...argv);
  const failure = async (...argv: string[]) => {
    const { code, stderr } = await db.cli('charges', 'estimate', ...argv);
    return `${code} ${stderr}`;
  };

  test('shows each levy, their sum and the price at which the order breaks even', async () => {
    const result = await estimate(...ORDER, '--product', 'mis', '--day', '2026-04-01');
    expect(result).toMatchObject({
      ...{ symbol: 'RELIANCE', exchange: 'NSE', segment: 'intraday', turnover: '140000.00' },
      ...{ charges_total: '32.81', breakeven: 1400.97, day: '2026-04-01', schedule: 'angelone' },
    });
    expect(
      (result['charges'] as { levy: string; amount: string }[]).map(
        ({ levy, amount }) => `${levy} ${amount}`,
      ),
    ).toEqual([
      'brokerage 20.00',
      'stt 0.00',
      'transaction 4.16',
      'sebi 0.14',
      'stamp 4.00',
      'ipft 0.14',
      'gst 4.37',
      'dp 0.00',
    ]);
  });

  test('needs no database', async () => {
    const env = { PINNACLE_DATABASE: '', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    const { code } = await db.cliWith({ env }, 'charges', 'estimate', ...ORDER, '--product', 'CNC');
    expect(code).toBe(0);
  });

  test('takes the rates of the day, today by default', async () => {
    const option = [
      '--symbol',
      'NIFTY29DEC2626000CE',
      '--side',
      'SELL',
      '--quantity',
      '75',
      '--price',
      '200',
    ];
    const stt = async (day: string) => {
      const { charges } = await estimate(...option, '--product', 'NRML', '--day', day);
      return (charges as { levy: string; rate: string; amount: string }[]).find(({ levy }) => levy === 'stt');
    };
    expect(await stt('2026-03-31')).toMatchObject({ rate: '0.1 % of sales', amount: '15.00' });
    expect(await stt('2026-04-01')).toMatchObject({ rate: '0.15 % of sales', amount: '23.00' });
  });

  test('takes another schedule from --schedule, or from the setting', async () => {
    const own = fileOf('own.json', OWN);
    const argv = ['charges', 'estimate', ...ORDER, '--product', 'MIS', '--json'];
    const byFlag = JSON.parse((await db.cli(...argv, '--schedule', own)).stdout);
    expect(byFlag).toMatchObject({ schedule: 'own-2027', charges_total: '17.47' });
    expect(byFlag.charges[0]).toMatchObject({ levy: 'brokerage', rate: '7 per order', amount: '7.00' });
    const bySetting = await db.cliWith({ env: { PINNACLE_CHARGES_SCHEDULE: own } }, ...argv);
    expect(JSON.parse(bySetting.stdout)).toEqual(byFlag);
  });

  test('refuses a schedule with anything wrong in it, and names the field', async () => {
    const of = (...schedule: [string, unknown]) =>
      failure(...ORDER, '--product', 'MIS', '--schedule', fileOf(...schedule));
    const rate = { ...OWN.rates[0], amount: 'seven' };
    expect(await of('bad.json', { ...OWN, rates: [OWN.rates[0], rate] })).toMatch(
      /^2 [\s\S]*bad\.json is no schedule of charges:\n[\s\S]*rates\[1\]\.amount must be rupees as text/,
    );
    expect(await of('broken.json', '{\n"name": "x",\n}')).toMatch(
      /^2 [\s\S]*broken\.json must be valid JSON near line 3/,
    );
    expect(await of('big.json', ' '.repeat(70_000))).toMatch(/^2 [\s\S]*larger than 64 KiB/);
    expect(await failure(...ORDER, '--product', 'MIS', '--schedule', join(folder, 'none'))).toMatch(
      /^2 [\s\S]*does not exist/,
    );
  });

  test('refuses what no rate is known of, and products that a symbol cannot have', async () => {
    const of = (symbol: string, product: string, ...more: string[]) =>
      failure(
        '--symbol',
        symbol,
        '--side',
        'BUY',
        '--quantity',
        '1',
        '--price',
        '100',
        '--product',
        product,
        ...more,
      );
    expect(await of('SBIN', 'CNC', '--day', '2020-12-31')).toMatch(/^5 [\s\S]*no conventions on 2020-12-31/);
    expect(await of('SBIN', 'CNC', '--exchange', 'BSE', '--day', '2022-01-03')).toMatch(
      /^5 [\s\S]*rate of transaction/,
    );
    expect(await of('SBIN', 'CNC', '--exchange', 'NFO')).toMatch(/^2 [\s\S]*no future or option/);
    expect(await of('SBIN', 'NRML')).toMatch(/^2 [\s\S]*CNC, MIS or MTF/);
    expect(await of('NIFTY29DEC26FUT', 'CNC')).toMatch(/^2 [\s\S]*NRML or MIS/);
  });
});
