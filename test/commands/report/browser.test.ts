import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserId } from '../../../src/domain/id.ts';
import { drawReport } from '../../../src/trading/performance/draw-report.ts';
import type { Performance } from '../../../src/trading/performance/read-performance.ts';
import { findChromium, type OpenPage, openPage } from '../../helpers/browser.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { madeHistory } from '../../helpers/made-history.ts';
import { words } from '../../helpers/words.ts';

const chromium = findChromium();
const THREE_YEARS = 1_096;
const A4 = [595, 842];

/** A report as the program has it: amounts are numbers. */
const asRead = (json: Performance): Performance => ({
  ...json,
  equity: json.equity.map((day) => ({
    ...day,
    closing_capital: Number(day.closing_capital),
    equity: Number(day.equity),
    net_exposure: Number(day.net_exposure),
  })),
  histogram: json.histogram.map((bin) => ({
    ...bin,
    pnl_from: bin.pnl_from === null ? null : Number(bin.pnl_from),
    pnl_to: bin.pnl_to === null ? null : Number(bin.pnl_to),
  })),
});

/** The lowest contrast of a text with what is behind it (WCAG 2), and the text. A cell of a heat map has its rectangle there. */
const LOWEST_CONTRAST = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = ([r, g, b, a = 1], ground) => [r, g, b].map((each, i) => each * a + ground[i] * (1 - a));
  const light = (colour) => colour.map((each) => each / 255)
    .map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    const own = parse(getComputedStyle(node).backgroundColor);
    if (own.length === 3) return own;
    return own[3] === 0 && node.parentElement ? ground(node.parentElement) : over(own, [255, 255, 255]);
  };
  let lowest = { contrast: 21 };
  for (const node of document.querySelectorAll('body *')) {
    const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.data).join('').trim();
    if (text === '' || ['title', 'desc', 'style'].includes(node.localName)) continue;
    const style = getComputedStyle(node);
    const isSvg = node instanceof SVGElement;
    let behind = ground(node);
    if (node.classList.contains('in')) {
      const cell = getComputedStyle(node.previousElementSibling);
      behind = over([...parse(cell.fill).slice(0, 3), Number(cell.fillOpacity)], behind);
    }
    const [a, b] = [light(over(parse(isSvg ? style.fill : style.color), behind)), light(behind)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < lowest.contrast) lowest = { contrast, text };
  }
  return lowest;
})()`;

const MEASURES = `({
  overflow: document.documentElement.scrollWidth - innerWidth,
  smallest: Math.min(...[...document.querySelectorAll('svg text')].map((each) => each.getBoundingClientRect().height).filter((height) => height > 0)),
  outside: [...document.querySelectorAll('svg.chart text')].filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    return left < 0 || right > innerWidth;
  }).map((each) => each.textContent),
  labels: document.querySelectorAll('svg.chart text').length,
})`;

/** Labels of one axis, which stand beside or beneath each other, that overlap. */
const OVERLAPS = `[...document.querySelectorAll('svg.chart')].flatMap((chart) => {
  const texts = [...chart.querySelectorAll('text.tick')]
    .map((node) => ({ node, box: node.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0);
  const isOneAxis = (a, b) => ['x', 'y'].some((name) => a.node.getAttribute(name) === b.node.getAttribute(name));
  return texts.flatMap((a, i) => texts.slice(i + 1)
    .filter((b) => isOneAxis(a, b) && a.box.left < b.box.right && b.box.left < a.box.right
      && a.box.top < b.box.bottom && b.box.top < a.box.bottom)
    .map((b) => a.node.textContent + ' and ' + b.node.textContent));
})`;

describe.skipIf(chromium === undefined).each(databases.slice(0, 1))('a page in Chromium', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-browser-'));
  const path = join(folder, 'page.html');
  const url = pathToFileURL(path).href;
  let db: TestDatabase;
  let browser: OpenPage;
  let found: Performance;

  beforeAll(async () => {
    db = await open();
    await given.user(db, 'gains');
    const history = { stdin: madeHistory(THREE_YEARS) };
    const { code, stderr } = await db.cliWith(history, ...words('order import - --as trades --user gains'));
    expect(code, stderr).toBe(0);
    found = asRead((await db.json(...words('report performance --user gains'))) as unknown as Performance);
    await db.cli(...words('report performance --by user --output'), path);
    browser = await openPage(chromium as string);
  });
  afterAll(async () => {
    await browser?.close();
    await db?.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    { width: 390, scheme: 'light' },
    { width: 390, scheme: 'dark' },
    { width: 1_400, scheme: 'light' },
    { width: 1_400, scheme: 'dark' },
  ] as const)('is readable $width pixels wide in $scheme colours', async (look) => {
    await browser.show(url, look);
    const { labels, ...measures } = await browser.evaluate<Record<string, unknown>>(MEASURES);
    expect(labels).toBeGreaterThan(100);
    expect(measures).toEqual({
      overflow: 0,
      outside: [],
      smallest: expect.toSatisfy((height) => height > 11),
    });
    expect(await browser.evaluate<string[]>(OVERLAPS)).toEqual([]);
    const { contrast, text } = await browser.evaluate<{ contrast: number; text?: string }>(LOWEST_CONTRAST);
    expect(contrast, text).toBeGreaterThanOrEqual(4.5);
    expect(contrast).toBeLessThan(21);
  });

  it('looks different in light and in dark', async () => {
    const shots: string[] = [];
    for (const scheme of ['light', 'dark', 'light'] as const) {
      await browser.show(url, { width: 800, scheme });
      shots.push((await browser.send<{ data: string }>('Page.captureScreenshot')).data);
    }
    expect(shots[0] === shots[2]).toBe(true);
    expect(shots[0] === shots[1]).toBe(false);
  });

  it('asks for nothing but itself, and the console is silent', async () => {
    expect(new Set(browser.requests)).toEqual(new Set([url]));
    expect(browser.complaints).toEqual([]);
  });

  it('finds out where a page does ask for something', async () => {
    const other = join(folder, 'other.html');
    writeFileSync(other, `${readFileSync(path, 'utf8')}<img src="http://127.0.0.1:9/x">`);
    const second = await openPage(chromium as string);
    await second.show(pathToFileURL(other).href, { width: 800, scheme: 'light' });
    expect(second.complaints.join()).toContain('Content Security Policy');
    await second.close();
  });

  it('tells those who do not see it what each picture is and shows', async () => {
    await browser.show(url, { width: 800, scheme: 'light' });
    const { nodes } = await browser.send<{ nodes: Record<string, { value: string }>[] }>(
      'Accessibility.getFullAXTree',
    );
    const images = nodes.filter(({ role }) => ['image', 'img'].includes(role?.value ?? ''));
    expect(images).toHaveLength(10);
    for (const { name, description } of images) {
      expect(name?.value).toMatch(/^(Capital|Return|Trades|Sharpe|Open)/);
      expect(description?.value).toMatch(/highest .+ on|in all; most|highest .+\)\./);
    }
    const counts = await browser.evaluate<number[]>(
      "['figure', 'figure > svg > title', 'figure > svg > desc', 'figure details table'].map((each) => document.querySelectorAll(each).length)",
    );
    expect(counts).toEqual([10, 10, 10, 10]);
  });

  it('has a point for each day in each line', async () => {
    const lengths = await browser.evaluate<number[]>(
      "[...document.querySelectorAll('#user-1 path.line')].map((each) => each.getAttribute('d').match(/-?\\d+/g).length)",
    );
    const [capital, drawdown] = lengths;
    // A path begins with a point; an area also goes to its base and back.
    expect([capital, drawdown]).toEqual([found.equity.length * 2, found.equity.length * 2 + 2]);
  });

  it('prints on A4', async () => {
    const { data } = await browser.send<{ data: string }>('Page.printToPDF', { preferCSSPageSize: true });
    const pages =
      Buffer.from(data, 'base64')
        .toString('latin1')
        .match(/\/MediaBox ?\[[^\]]*\]/g) ?? [];
    expect(pages.length).toBeGreaterThan(2);
    for (const box of pages)
      expect(
        box
          .match(/[\d.]+/g)
          ?.slice(2)
          .map((each) => Math.round(Number(each))),
      ).toEqual(A4);
  });

  it('of 20 traders over three years is under 1 MB, and drawn in under 3 seconds of a processor', async () => {
    const users = Array.from({ length: 20 }, (_, i) => ({ ...found, user_id: `trader_${i}` as UserId }));
    const context = { now: () => new Date(), timeZone: async () => 'Asia/Kolkata' };
    const start = process.cpuUsage();
    const html = await drawReport(context, { all: { ...found, user_id: null }, users }, 'html', {});
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1_000).toBeLessThan(3_000);
    expect(found.equity.length).toBeGreaterThan(780);
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    writeFileSync(path, html);
    await browser.show(url, { width: 390, scheme: 'dark' });
    expect(await browser.evaluate<Record<string, unknown>>(MEASURES)).toMatchObject({
      overflow: 0,
      outside: [],
    });
  });
});
