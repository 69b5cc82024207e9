import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { madeHistory } from '../../helpers/made-history.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('pictures of performance on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-pictures-'));
  const inFolder = (...argv: string[]) => db.cliWith({ cwd: folder }, ...argv);
  const written = (name: string) => readFileSync(join(folder, name), 'utf8');

  beforeAll(async () => {
    db = await open();
    for (const [user, bias] of Object.entries({ gains: 0, loses: -3, hardly: -1.2 })) {
      await given.user(db, user);
      const { code, stderr } = await db.cliWith(
        { stdin: madeHistory(user === 'gains' ? 400 : 60, { prefix: user, bias }) },
        ...words(`order import - --as trades --user ${user}`),
      );
      expect(code, stderr).toBe(0);
    }
    await given.user(db, 'idle');
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const report = (flags: string) => db.json<Record<string, Row[]>>(...words(`report performance ${flags}`));

  it('--json has what they are drawn of', async () => {
    const { equity, histogram, latest_trades, trades, figures } = await report('--user gains');
    expect(equity?.filter(({ rolling_sharpe }) => rolling_sharpe === null)).toHaveLength(62);
    expect(equity?.at(-1)?.['rolling_sharpe']).toEqual(expect.any(Number));
    // Everything is bought at 10:00, and sold the same day or later.
    expect(equity?.some(({ net_exposure }) => Number(net_exposure) > 0)).toBe(true);
    expect(equity?.at(-1)?.['net_exposure']).toBe('0.00');
    const total = figures?.find(({ figure }) => figure === 'trades')?.['value'];
    expect(histogram?.reduce((sum, bin) => sum + Number(bin['trades']), 0)).toBe(total);
    expect(trades).toHaveLength(10);
    const ends = latest_trades?.map(({ closed_at }) => String(closed_at));
    expect(ends).toHaveLength(25);
    expect(ends).toEqual(ends?.toSorted().reverse());
  });

  it('the exposure of a day is what its open positions cost', async () => {
    const buy = (user: string, day: string, side: string, quantity: number, price: number) =>
      `${user}${day}${side},INFY,${side},${quantity},${price},${day}T10:00:00+05:30,`;
    await given.user(db, 'holder');
    const lines = [
      'trade_id,symbol,side,quantity,price,executed_at,strategy_id',
      buy('holder', '2024-01-01', 'BUY', 10, 100),
      buy('holder', '2024-01-03', 'SELL', 5, 120),
      buy('holder', '2024-01-04', 'SELL', 10, 90),
    ];
    await db.cliWith({ stdin: lines.join('\n') }, ...words('order import - --as trades --user holder'));
    const { equity } = await report('--user holder');
    expect(equity?.map(({ day, net_exposure }) => [day, net_exposure])).toEqual([
      ['2024-01-01', '1000.00'],
      ['2024-01-02', '1000.00'],
      ['2024-01-03', '500.00'],
      // Five shares short at 90.
      ['2024-01-04', '-450.00'],
    ]);
  });

  it('--by user has each user who traded, the one who lost most first', async () => {
    const { users } = await report('--by user --until 2023-12-31');
    expect(users?.map(({ user_id }) => user_id)).toEqual(['loses', 'hardly', 'gains']);
    const alone = await report('--user loses --until 2023-12-31');
    expect(users?.[0]?.['net_pnl']).toBe(
      Number(alone['figures']?.find(({ figure }) => figure === 'net_pnl')?.['value']).toFixed(2),
    );
    const { code, stdout, stderr } = await db.cli(
      ...words('report performance --by user --until 2023-12-31 --limit 1 --json users'),
    );
    expect([code, JSON.parse(stdout).users.length]).toEqual([0, 1]);
    expect(stderr).toContain('There are more than these 1 user: --limit shows more.');
    expect((await report('--user gains'))['users']).toBeUndefined();
  });

  it('a page is written whole, for its owner alone, and never over another file', async () => {
    const page = words('report performance --user gains --output page.html');
    const { code, stdout } = await inFolder(...page, '--json');
    const { file, bytes, sha256, ...rest } = JSON.parse(stdout);
    expect([code, file, bytes, rest]).toEqual([0, join(folder, 'page.html'), statSync(file).size, {}]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(written('page.html')).toMatch(/^<!doctype html>\n<html lang="en">.*<\/html>\n$/s);
    const again = await inFolder(...page, '--json');
    expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([5, 'FILE_EXISTS']);
    expect((await inFolder(...page, '--force')).code).toBe(0);
    const nowhere = await inFolder(...words('report performance --output no/page.html'));
    expect([nowhere.code, nowhere.stderr]).toEqual([
      74,
      expect.stringContaining('its folder does not exist'),
    ]);
    expect((await inFolder(...words('report performance --format csv --output days.txt'))).code).toBe(0);
  });

  it('the page shows what the figures say: extremes, every trade, a point for each day', async () => {
    const { equity = [], figures, histogram } = await report('--user gains');
    const capitals = equity.map(({ closing_capital }) => Number(closing_capital));
    const rupees = (amount: number) => amount.toLocaleString('en-IN', { minimumFractionDigits: 2 });
    const html = written('page.html');
    expect(html).toContain(`lowest ₹${rupees(Math.min(...capitals))} on`);
    expect(html).toContain(`highest ₹${rupees(Math.max(...capitals))} on`);
    const worst = Math.max(...equity.map(({ drawdown }) => Number(drawdown)));
    expect(html).toContain(`lowest -${worst.toFixed(2)}% on`);
    expect(html).toContain(
      `<desc id="all-trades-desc">${figures?.find(({ figure }) => figure === 'trades')?.['value']} in all`,
    );
    expect(html.match(/<rect class="(gain|loss)" x="[^"]*" width="[^"]*" y="/g)).toHaveLength(
      histogram?.length ?? 0,
    );
    const [capital, drawdown] = [...html.matchAll(/class="line[^"]*" d="M[-\d V]+l([-\d ]+)/g)].map(
      ([, steps = '']) => 1 + (steps.match(/-?\d+/g) ?? []).length / 2,
    );
    expect([capital, drawdown]).toEqual([equity.length, equity.length]);
  });

  it('a page of several users has them in the order of their losses', async () => {
    await inFolder(...words('report performance --by user --output all.html'));
    const headings = [...written('all.html').matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, text]) => text);
    expect(headings).toEqual([
      'Users, the worst first',
      'All together',
      'loses',
      'hardly',
      'holder',
      'gains',
    ]);
    expect(written('all.html')).toContain('<a href="#user-1">loses</a>');
    const ids = [...written('all.html').matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('a chart alone is SVG, days alone are CSV, and either goes to stdout', async () => {
    const svg = await db.cli(...words('report performance --user gains --format svg'));
    expect(svg.stdout).toMatch(
      /^<svg xmlns=[\s\S]*<title id="all-equity-title">Capital and drawdown<\/title>[\s\S]*<\/svg>\n$/,
    );
    await inFolder(...words('report performance --by user --output days.csv --until 2023-02-28'));
    const [header, ...days] = written('days.csv').trim().split('\n');
    expect(header).toMatch(
      /^user_id,day,.*,closing_capital,unrealized_pnl,equity,net_exposure,.*,drawdown,rolling_sharpe$/,
    );
    expect(new Set(days.map((line) => line.split(',')[0]))).toEqual(new Set(['loses', 'hardly', 'gains']));
  });

  it.each([
    ['--format svg --by user', 'A chart alone shows one account.'],
    ['--format csv --output a.html', '--format says csv, but a file that ends in .html holds html.'],
    ['--output a.pdf', '.pdf is the ending of none of them'],
    ['--limit 5', '--limit is for --by user.'],
    ['--format html --json', '--json, --jq, --csv and --columns are for what is printed of a file'],
  ])('%s is refused', async (flags, message) => {
    const { code, stdout, stderr } = await inFolder(...words(`report performance ${flags}`));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('a page shows what another program wrote as text', async () => {
    await db.query(`UPDATE positions SET symbol = '"<b onclick=x>' WHERE user_id = 'holder'`);
    const { stdout } = await db.cli(...words('report performance --user holder --format html'));
    expect(stdout).toContain('&quot;&lt;b onclick=x&gt;');
    expect(stdout).not.toMatch(/<b\b/);
  });

  it('there is a page of nothing, of a strategy, and of a capital below 0', async () => {
    await given.strategy(db, 's1');
    for (const flags of [
      '--user idle',
      '--strategy s1',
      '--user loses --until 2023-01-02',
      '--symbol INFY',
    ]) {
      const { code, stdout } = await db.cli(...words(`report performance ${flags} --format html`));
      expect([code, /NaN|Infinity|undefined/.test(stdout)], flags).toEqual([0, false]);
    }
  });

  describe('on a terminal', () => {
    const screen = async (flags: string, options: object) => {
      const { stdout } = await db.cliWith({ tty: true, ...options }, ...words(`report performance ${flags}`));
      return stdout;
    };
    const UTF8 = { LANG: 'en_IN.UTF-8' };
    const ASCII = { LANG: 'C' };

    it.each(
      [80, 120, 200].flatMap((columns) =>
        [
          { kind: 'braille', env: UTF8, flag: '' },
          { kind: 'braille-plain', env: UTF8, flag: '--no-color' },
          { kind: 'ascii', env: ASCII, flag: '' },
          { kind: 'ascii-plain', env: ASCII, flag: '--no-color' },
        ].map((each) => ({ ...each, columns })),
      ),
    )('of $columns columns the charts are as stored, in $kind', async ({ columns, kind, env, flag }) => {
      const text = await screen(`--user gains ${flag}`, { columns, env });
      const charts = text.slice(text.indexOf('Capital and drawdown'));
      await expect(charts).toMatchFileSnapshot(`screens/${columns}-${kind}.txt`);
      const plain = stripVTControlCharacters(charts);
      for (const line of plain.split('\n')) expect([...line].length).toBeLessThanOrEqual(columns);
      if (kind.startsWith('ascii')) expect(plain).toMatch(/^[\n -~]*$/);
      if (kind.endsWith('plain')) expect(plain).toBe(charts);
    });

    it('charts are drawn as asked, and not where columns, JSON or a file are asked for', async () => {
      const has = async (flags: string, options: object = { env: UTF8 }) =>
        /Return by month/.test(await screen(`--user gains ${flags}`, options));
      expect(await has('')).toBe(true);
      expect(await has('--chart none')).toBe(false);
      expect(await has('--columns figures')).toBe(false);
      expect(await has('--json')).toBe(false);
      expect(await has('', { tty: false })).toBe(false);
      expect(await has(`--output ${join(folder, 'other.html')}`)).toBe(false);
      expect(await screen('--user gains --chart ascii', { env: UTF8 })).not.toContain('⣀');
      expect(await screen('--user gains --chart braille', { env: ASCII })).toMatch(/[\u2801-\u28ff]/);
      expect(await screen('--user idle', { env: UTF8 })).not.toContain('Capital and drawdown');
    });

    it('of a strategy or a symbol they show P&L in rupees', async () => {
      const text = await screen('--symbol INFY --no-color', { env: UTF8 });
      expect(text).toMatch(/Net P&L so far: -?₹/);
      expect(text).toContain('Net P&L by month');
    });
  });
});
