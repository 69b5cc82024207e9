const PLAIN = /^[\x20-\x7e]*$/;
// East Asian wide and fullwidth characters, and what is drawn as a picture.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]|\ufe0f/u;
const MARKS = /^[\p{Mark}\p{Cf}]*$/u;
// Marks of one character beyond these are not read: a text may consist of them.
const UNITS_PER_COLUMN = 8;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The columns that a line of text takes in a terminal. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The text with spaces behind it, or before it, to this many columns; one that is wider stays as it is. */
export function padToWidth(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + padding : padding + text;
}

/** The text cut to this many columns, the last one an ellipsis; however long it is, no more of it is read than that needs. */
export function cutToWidth(text: string, columns: number): string {
  const start = text.slice(0, columns * UNITS_PER_COLUMN).replace(/[\ud800-\udbff]$/, '');
  if (start.length === text.length && textWidth(text) <= columns) return text;
  let [width, end] = [0, 0];
  for (const { segment, index } of segmenter.segment(start)) {
    width += graphemeWidth(segment);
    if (width >= columns) break;
    end = index + segment.length;
  }
  return `${start.slice(0, end)}…`;
}

function graphemeWidth(grapheme: string): number {
  if (MARKS.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
