import { type Content, element, type Markup, markupOf, styleSheet } from './markup.ts';
import { PAGE_STYLE } from './theme.ts';

// Whatever gets into the page, nothing is fetched and nothing runs.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/**
 * One HTML file that needs neither network nor server nor script, in the colours that the reader's system prefers, for
 * screens from 390 pixels on and A4.
 */
export function page(title: string, ...content: readonly Content[]): string {
  const head = [
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    element('meta', { name: 'viewport', content: 'width=device-width,initial-scale=1' }),
    element('meta', { name: 'referrer', content: 'no-referrer' }),
    element('title', {}, title),
    styleSheet(PAGE_STYLE),
  ];
  const body = element('body', {}, element('main', {}, element('h1', {}, title), ...content));
  return `<!doctype html>\n${markupOf(element('html', { lang: 'en' }, element('head', {}, ...head), body))}\n`;
}

/** A part of a page under a heading. One with an id can be linked to by `#id`. */
export const section = (heading: string, content: Content, id?: string): Markup =>
  element('section', { id }, element('h2', {}, heading), content);

/** A part of a section under a heading. */
export const part = (heading: string, ...content: readonly Content[]): Markup =>
  element('section', {}, element('h3', {}, heading), ...content);

export const paragraph = (...content: readonly Content[]): Markup => element('p', {}, ...content);

/** What a value says, which its colour only repeats. */
export type Tone = 'gain' | 'loss' | 'warn' | undefined;

/** The tone of an amount that is above or below 0. */
export const toneOf = (amount: number | null): Tone =>
  amount === null || amount === 0 ? undefined : amount > 0 ? 'gain' : 'loss';

export interface Card {
  label: string;
  value: string;
  /** A few words under the value. */
  note?: string | undefined;
  tone?: Tone;
}

/** Figures side by side. */
export const cards = (list: readonly Card[]): Markup =>
  element(
    'dl',
    { class: 'cards' },
    list.map(({ label, value, note, tone }) =>
      element(
        'div',
        {},
        element('dt', {}, label),
        element('dd', { class: tone === undefined ? 'value' : `value ${tone}` }, value),
        note === undefined ? undefined : element('dd', { class: 'muted' }, note),
      ),
    ),
  );

/** What a reader opens to see. */
const details = (summary: string, ...content: readonly Content[]): Markup =>
  element('details', {}, element('summary', {}, summary), ...content);

/** A picture, what it shows in words, and the table behind it. */
export const figure = (picture: Markup, caption: string, behind: Content): Markup =>
  element('figure', {}, picture, element('figcaption', {}, caption), details('As a table', behind));

/** A column of a table; the first one is at the left, so its cells, which are most of a page, need no class. */
export interface Column<R> {
  head: string;
  cell: (row: R) => Content;
  /** Text is aligned at the left, a number at the right. */
  isNumber?: boolean;
  tone?: (row: R) => Tone;
}

/** Rows as a table, which scrolls within itself where it is wider than the page; a line where there is none. */
export function table<R>(caption: string, rows: readonly R[], columns: readonly Column<R>[]): Markup {
  if (rows.length === 0) return paragraph(`${caption}: None.`);
  const classes = (...names: (string | false | undefined)[]) => names.filter(Boolean).join(' ') || undefined;
  const heads = columns.map(({ head, isNumber }) =>
    element('th', { scope: 'col', class: classes(!isNumber && 'text') }, head),
  );
  const lines = rows.map((row) =>
    element(
      'tr',
      {},
      columns.map(({ cell, isNumber, tone }, place) =>
        element('td', { class: classes(!isNumber && place > 0 && 'text', tone?.(row)) }, cell(row)),
      ),
    ),
  );
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, heads)),
      element('tbody', {}, lines),
    ),
  );
}
