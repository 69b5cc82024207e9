import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import xterm from '@xterm/headless';
import { inject } from 'vitest';

export interface Size {
  columns: number;
  rows: number;
}

/** A row of a terminal. */
export interface ScreenRow {
  text: string;
  /** It goes on with what did not fit the row before. */
  isWrapped: boolean;
  /** A colour or a weight is set in it. */
  isStyled: boolean;
}

/** A terminal of this size without a window. */
export function openScreen({ columns, rows }: Size) {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 100_000, allowProposedApi: true });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = '11';
  return {
    write: (text: string | Uint8Array) => new Promise<void>((done) => terminal.write(text, done)),
    /** All that was printed, from the first row on, without the empty rows at its end. */
    rows(): ScreenRow[] {
      const buffer = terminal.buffer.active;
      const all = Array.from({ length: buffer.length }, (_, i) => rowOf(buffer.getLine(i)));
      return all.slice(0, all.findLastIndex(({ text }) => text !== '') + 1);
    },
    /** The rows in sight. */
    inSight(): string[] {
      const buffer = terminal.buffer.active;
      return Array.from({ length: rows }, (_, i) => rowOf(buffer.getLine(buffer.baseY + i)).text);
    },
  };
}

type Line = ReturnType<InstanceType<typeof xterm.Terminal>['buffer']['active']['getLine']>;

function rowOf(line: Line): ScreenRow {
  const cells = Array.from({ length: line?.length ?? 0 }, (_, x) => line?.getCell(x));
  return {
    text: line?.translateToString(true) ?? '',
    isWrapped: line?.isWrapped === true,
    isStyled: cells.some((cell) => cell !== undefined && !cell.isAttributeDefault()),
  };
}

/** What a terminal shows of what was printed, line feeds as its driver passes them on. */
export async function screenOf(printed: string, size: Size): Promise<ScreenRow[]> {
  const screen = openScreen(size);
  await screen.write(printed.replaceAll('\n', '\r\n'));
  return screen.rows();
}

/** A process on a terminal of its own, which a person can look at and type into. */
export function startOnTerminal(command: string, env: Record<string, string>, size: Size) {
  const { columns, rows } = size;
  // The shell stays, whatever the command makes of Ctrl-C.
  const line = `trap : INT; stty rows ${rows} cols ${columns}; (sh -c 'echo pid $PPID'; exec ${command}); echo "ended $?"; stty -a | grep echo`;
  const child = spawn('script', ['-qfec', line, '/dev/null'], {
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      HOME: inject('cacheDir'),
      TERM: 'xterm-256color',
      ...env,
    },
  });
  const screen = openScreen(size);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    void screen.write(chunk);
  });
  return {
    child,
    screen,
    printed: () => printed,
    type: (keys: string) => void child.stdin.write(keys),
    /** All that was printed once the process has ended, without colours. */
    ended: new Promise<string>((done) => child.once('close', () => done(stripVTControlCharacters(printed)))),
  };
}
