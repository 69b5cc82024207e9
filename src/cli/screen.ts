import { emitKeypressEvents } from 'node:readline';
import { type Io, writeNow } from './io.ts';

/** A key that was pressed: its name (`up`, `return`, `escape`, `ctrl-c`), and the character that it types, if any. */
export interface Key {
  name: string;
  text: string;
}

/** The whole of a terminal, until it is closed. */
export interface Screen {
  /** How large it is now. */
  size: () => { columns: number; rows: number };
  /** Shows these lines, of which only those that differ from what is shown are written. */
  draw: (lines: readonly string[]) => Promise<void>;
  /** Gives the terminal back as it was. */
  close: () => Promise<void>;
}

// The alternate screen, no cursor, and lines that end at the edge instead of going on in the next one.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
// What comes between is shown at once, by terminals that know this; the others pass over it.
const TOGETHER = ['\x1b[?2026h', '\x1b[?2026l'] as const;

/** Whether stdout is a terminal on which a cursor can be moved. */
export const takesScreen = ({ out, env }: Pick<Io, 'out' | 'env'>): boolean =>
  out.isTTY && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;

/**
 * Takes the terminal over: keys and changes of its size are told, and nothing that is typed is echoed. Whatever ends the
 * process, the terminal is given back as it was.
 */
export async function openScreen(
  io: Io,
  tell: { key: (key: Key) => void; resized: () => void },
): Promise<Screen> {
  const { out } = io;
  let shown: readonly string[] = [];
  let isOpen = true;
  const stopKeys = readKeys(io, tell.key);
  const resized = () => {
    shown = [];
    tell.resized();
  };
  out.stream.on('resize', resized);
  const forget = io.atExit(() => isOpen && writeNow(out, LEAVE));
  await out.write(ENTER);
  return {
    size: () => ({ columns: out.stream.columns || 80, rows: out.stream.rows || 24 }),
    async draw(lines) {
      const changes = difference(shown, lines);
      shown = [...lines];
      if (changes !== '' && isOpen) await out.write(`${TOGETHER[0]}${changes}${TOGETHER[1]}`);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      out.stream.off('resize', resized);
      stopKeys();
      await out.write(LEAVE);
      forget();
    },
  };
}

/** What a terminal that shows some lines is sent to show others; of a screen that shows nothing, all of it. */
export function difference(shown: readonly string[], lines: readonly string[]): string {
  const start = shown.length === 0 ? '\x1b[0m\x1b[2J' : '';
  const changed = lines.map((line, i) => (line === shown[i] ? '' : `\x1b[${i + 1};1H\x1b[0m\x1b[K${line}`));
  const rest = lines.length < shown.length ? `\x1b[${lines.length + 1};1H\x1b[0m\x1b[J` : '';
  const all = changed.join('') + rest;
  return all === '' ? '' : start + all;
}

/** Tells of every key, where stdin is a terminal; returns what ends that. */
function readKeys({ stdin }: Io, tell: (key: Key) => void): () => void {
  if (!stdin.isTTY) return () => {};
  const onKey = (text: string | undefined, { name, ctrl }: { name?: string; ctrl?: boolean } = {}) =>
    tell({
      // A terminal may send either for the same key.
      name: name === 'enter' ? 'return' : `${ctrl ? 'ctrl-' : ''}${name ?? text ?? ''}`,
      text: ctrl || text === undefined || /\p{Cc}/u.test(text) ? '' : text,
    });
  emitKeypressEvents(stdin);
  stdin.setRawMode?.(true);
  stdin.on('keypress', onKey);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKey);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
}
