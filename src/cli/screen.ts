import { emitKeypressEvents } from 'node:readline';
import { type Io, writeNow } from './io.ts';

/**
 * A key that was pressed: its name (`up`, `return`, `escape`, `ctrl-c`), and the character that it types, if any. What is pasted is one
 * `paste`, so that no part of it is taken for a key, and has no line breaks.
 */
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

// The alternate screen, no cursor, lines that end at the edge instead of going on in the next one, and what is pasted in brackets.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h';
const LEAVE = '\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l';
// What comes between is shown at once, by terminals that know this; the others pass over it.
const TOGETHER = ['\x1b[?2026h', '\x1b[?2026l'] as const;

/** Whether stdout is a terminal on which a cursor can be moved. */
export const takesScreen = ({ out, env }: Pick<Io, 'out' | 'env'>): boolean =>
  out.isTTY && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;

/**
 * Takes the terminal over: keys and changes of its size are told, and nothing that is typed is echoed. Whatever ends the
 * process, or stops it for a while, as ctrl-z does, the terminal is given back as it was.
 */
export async function openScreen(
  io: Io,
  tell: { key: (key: Key) => void; resized: () => void },
): Promise<Screen> {
  const { out, stdin } = io;
  let shown: readonly string[] = [];
  let isOpen = true;
  const resized = () => {
    shown = [];
    tell.resized();
  };
  const stops = io.aroundStops({
    before() {
      stdin.setRawMode?.(false);
      writeNow(out, LEAVE);
    },
    after() {
      // Whoever had the terminal meanwhile may have set it otherwise: it is set anew.
      stdin.setRawMode?.(false);
      stdin.setRawMode?.(true);
      writeNow(out, ENTER);
      resized();
    },
  });
  const stopKeys = readKeys(io, (key) => (key.name === 'ctrl-z' ? stops.stop() : tell.key(key)));
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
      stops.forget();
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

/** Tells of every key, where stdin is a terminal; returns what ends that. A terminal that is gone has pressed ctrl-c. */
function readKeys({ stdin }: Io, tell: (key: Key) => void): () => void {
  if (!stdin.isTTY) return () => {};
  const told = withPastes(tell);
  const onKey = (text: string | undefined, { name, ctrl }: { name?: string; ctrl?: boolean } = {}) =>
    told({
      // A terminal may send either for the same key.
      name: name === 'enter' ? 'return' : `${ctrl ? 'ctrl-' : ''}${name ?? text ?? ''}`,
      text: ctrl || text === undefined || /\p{Cc}/u.test(text) ? '' : text,
    });
  const onEnd = () => tell({ name: 'ctrl-c', text: '' });
  emitKeypressEvents(stdin);
  stdin.setRawMode?.(true);
  stdin.on('keypress', onKey);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  stdin.resume();
  return () => {
    stdin.off('keypress', onKey);
    // Not what awaits an error: a terminal may be gone later than this.
    stdin.off('end', onEnd);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
}

/** The most that is taken of what is pasted. */
const PASTED_MOST = 1_000;

/** Makes one key of what comes between the brackets of a paste. Where they never close, ctrl-c is one all the same. */
function withPastes(tell: (key: Key) => void): (key: Key) => void {
  let pasted: string | undefined;
  return (key) => {
    if (key.name === 'paste-start') pasted = '';
    else if (pasted === undefined || key.name === 'ctrl-c') {
      pasted = undefined;
      tell(key);
    } else if (key.name === 'paste-end') {
      tell({ name: 'paste', text: pasted });
      pasted = undefined;
    } else if (pasted.length < PASTED_MOST) pasted += key.text;
  };
}
