import type { Paint } from '../../util/paint.ts';
import { textWidth } from '../../util/text-width.ts';

/** What a terminal can show. */
export interface Terminal {
  columns: number;
  /** Whether it shows characters beyond ASCII. */
  unicode: boolean;
  paint: Paint;
}

/** Whether the locale of an environment has UTF-8, and the terminal more than the 512 glyphs of a console. */
export function takesUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux';
}

type Glyphs = Pick<Terminal, 'unicode'>;

/** What stands at the end of a text that is cut. */
export const ellipsisOf = ({ unicode }: Glyphs): string => (unicode ? '…' : '...');

/** Our own text for a terminal that may have ASCII only. */
export const plainly = (text: string, terminal: Glyphs): string =>
  terminal.unicode
    ? text
    : text.replaceAll('₹', 'Rs ').replaceAll('…', ellipsisOf(terminal)).replaceAll('✓', 'OK');

/** A command stays in one piece, so that it can be copied. */
const COMMAND = /pinnacle (?:[^.]|\.(?! |$))*/;

/** A line as lines of at most so many columns, broken between words, each after the first indented as deep as it, and more. */
export function broken(line: string, columns: number | undefined): string[] {
  if (columns === undefined || textWidth(line) <= columns) return [line];
  const [, margin = '', text = ''] = /^( *)(.*)$/s.exec(line) ?? [];
  const start = text.search(COMMAND);
  const [command = ''] = COMMAND.exec(text) ?? [];
  const pieces = start < 0 ? [text] : [text.slice(0, start), command, text.slice(start + command.length)];
  const words = pieces
    .flatMap((piece, i) => (i === 1 ? [piece] : piece.split(' ')))
    .filter((word) => word !== '');
  return inLines(words, columns - margin.length, 2).map((each) => margin + each);
}

/** Words in lines of at most so many columns, each after the first indented. */
export const wrapped = (text: string, columns: number, indent = 0): string[] =>
  inLines(text.split(' '), columns, indent);

function inLines(words: readonly string[], columns: number, indent: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    const isFitting = line !== undefined && textWidth(line) + 1 + textWidth(word) <= columns;
    // What does not fit a line of its own either stays where it is, but for a command.
    const isTooLong = indent + textWidth(word) > columns && !word.startsWith('pinnacle ');
    if (line !== undefined && (isFitting || isTooLong)) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(line === undefined ? word : ' '.repeat(indent) + word);
  }
  return lines;
}
