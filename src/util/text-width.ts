// Each takes one column and joins no other of them: Latin letters, signs, the rupee, blocks and dots of charts.
const PLAIN = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u20a0-\u20bf\u2500-\u259f\u2713\u2800-\u28ff]*$/;
// East Asian wide and fullwidth characters.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const PICTURE = /\p{Emoji_Presentation}|\ufe0f/u;
// A mark that stands beside its letter, as many vowels of Indian scripts do, takes a column.
const NO_WIDTH = /[\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Cf}\u1160-\u11ff]/u;
// Marks of one character beyond these are not read: a text may consist of them.
const UNITS_PER_COLUMN = 8;

// Made where a text needs it: that takes a fifth of a start.
let made: Intl.Segmenter | undefined;

function graphemes(text: string): Intl.Segments {
  made ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return made.segment(text);
}

/** The columns that a line of text takes in a terminal. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/** The text cut to this many columns, the last of them an ellipsis; however long it is, no more of it is read than that needs. */
export function cutToWidth(text: string, columns: number, ellipsis = '…'): string {
  const start = text.slice(0, columns * UNITS_PER_COLUMN).replace(/[\ud800-\udbff]$/, '');
  if (start.length === text.length && textWidth(text) <= columns) return text;
  const room = columns - ellipsis.length;
  const cut = ellipsis.slice(0, columns);
  if (PLAIN.test(start)) return `${start.slice(0, Math.max(0, room))}${cut}`;
  let [width, end] = [0, 0];
  for (const { segment, index } of graphemes(start)) {
    width += graphemeWidth(segment);
    if (width > room) break;
    end = index + segment.length;
  }
  return `${start.slice(0, end)}${cut}`;
}

/** A picture takes two columns, whatever it is made of; other characters what each of theirs takes, as terminals have it. */
function graphemeWidth(grapheme: string): number {
  if (PICTURE.test(grapheme)) return 2;
  let width = 0;
  for (const char of grapheme) width += NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}
