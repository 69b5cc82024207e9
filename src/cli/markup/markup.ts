import { escapeControls } from '../../util/text.ts';

/** HTML or SVG in which every text is escaped. Only `element` and what builds on it makes it. */
export interface Markup {
  readonly markup: string;
}

/** What an element holds: markup as it is, text and numbers escaped, a list one after the other, and nothing. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** The attributes of an element; one that is undefined is left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
// What XML cannot hold; control characters are made visible before.
const NO_CHARACTERS = /[\ud800-\udfff\ufffe\uffff]/gu;

/** Text as it stands within markup or between quotes: nothing in it is markup, and no character of it is invisible. */
const escapeMarkup = (text: string): string =>
  escapeControls(text)
    .replace(NO_CHARACTERS, '\ufffd')
    .replace(/[&<>"']/g, (char) => ENTITIES[char] as string);

const EMPTY_ELEMENTS = new Set(['circle', 'line', 'meta', 'path', 'rect']);
// HTML ends them where the next one begins, and most of a page is cells.
const ENDED_BY_THE_NEXT = new Set(['td', 'th', 'tr']);

/** An element of HTML or SVG. Its name and those of its attributes are the program's own; all else may come from anywhere. */
export function element(name: string, attributes: Attributes = {}, ...content: readonly Content[]): Markup {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeMarkup(String(value))}"`)
    .join('');
  if (EMPTY_ELEMENTS.has(name)) return { markup: `<${name}${written}/>` };
  const end = ENDED_BY_THE_NEXT.has(name) ? '' : `</${name}>`;
  return { markup: `<${name}${written}>${markupOf(content)}${end}` };
}

/** A style sheet of the program's own. */
export const styleSheet = (css: string): Markup => ({ markup: `<style>${css}</style>` });

/** The content as markup. */
export function markupOf(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escapeMarkup(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(markupOf).join('');
}
