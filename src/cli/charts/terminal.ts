import type { Paint } from '../../util/paint.ts';

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

/** Words in lines of at most so many columns, each after the first indented. */
export function wrapped(text: string, columns: number, indent = 0): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(line === undefined ? word : ' '.repeat(indent) + word);
  }
  return lines;
}
