import { describe, expect, it } from 'vitest';
import { element, markupOf } from '../../../src/cli/markup/markup.ts';
import {
  cards,
  figure,
  page,
  paragraph,
  part,
  section,
  table,
  toneOf,
} from '../../../src/cli/markup/page.ts';

describe('an element', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`a & b "c" 'd'`, 'a &amp; b &quot;c&quot; &#39;d&#39;'],
    ['&lt;', '&amp;lt;'],
    ['a\u0000b\u202ec\nd', 'a\\u{0}b\\u{202e}c\\u{a}d'],
    ['\ud800\uffff', '\ufffd\ufffd'],
    ['₹ नमस्ते 🚀', '₹ नमस्ते 🚀'],
  ])('escapes %j', (text, escaped) => {
    expect(markupOf(element('b', { title: text }, text))).toBe(`<b title="${escaped}">${escaped}</b>`);
  });

  it('holds elements, numbers and lists, leaves out what is undefined, and closes what is empty', () => {
    const list = [element('i', {}, 'x'), undefined, 7];
    expect(markupOf(element('p', { id: undefined, n: 0 }, list))).toBe('<p n="0"><i>x</i>7</p>');
    expect(markupOf(element('path', { d: 'M0 0' }))).toBe('<path d="M0 0"/>');
    expect(markupOf(element('p'))).toBe('<p></p>');
    expect(markupOf(element('tr', {}, [element('td', {}, 1), element('td')]))).toBe('<tr><td>1<td>');
  });
});

it('a page fetches nothing and runs nothing, whatever is in it', () => {
  const hostile = '"><img src=http://x/ onerror=alert(1)><script>';
  const rows = [{ hostile }];
  const html = page(
    hostile,
    section(
      hostile,
      [
        paragraph(hostile),
        cards([{ label: hostile, value: hostile, note: hostile }]),
        part(hostile, figure(element('b'), hostile, 7)),
        table(hostile, rows, [{ head: hostile, cell: (row) => row.hostile }]),
      ],
      hostile,
    ),
  );
  expect(html).toContain(
    `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"/>`,
  );
  expect(html).not.toMatch(/<(script|img|link|iframe|object)|\son\w+="|\b(src|href)="|url\(|@import/i);
  expect(html.match(/&lt;script&gt;/g)).toHaveLength(14);
});

it.each([
  [1, 'gain'],
  [-0.01, 'loss'],
  [0, undefined],
  [null, undefined],
])('an amount of %s has the tone %s', (amount, tone) => {
  expect(toneOf(amount)).toBe(tone);
});
