import { spawn } from 'node:child_process';
import { constants, tmpdir } from 'node:os';
import { resolve } from 'node:path';
import headless from '@xterm/headless';
import { inject } from 'vitest';

/** How a program on a terminal ended; `restored` is whether the terminal has the settings that it had before. */
interface EndedOnTerminal {
  code: number;
  restored: boolean;
}

/** A process of the built program on a terminal of its own, which is emulated. */
export interface LiveTerminal {
  pid: () => Promise<number>;
  type: (keys: string) => void;
  resize: (columns: number, rows: number) => void;
  signal: (name: NodeJS.Signals) => void;
  /** Closes the terminal, as the end of a connection does. */
  hangUp: () => void;
  /** The lines that the terminal shows now. */
  screen: () => string[];
  /** Whether the program has taken the whole screen, and whether the cursor is to be seen. */
  isAlternate: () => boolean;
  isCursorShown: () => boolean;
  /** Whether what is pasted comes in brackets, and long lines go on in the next one. */
  modes: () => { paste: boolean; wrap: boolean };
  /** How many bytes were written to it. */
  bytes: () => number;
  ended: Promise<EndedOnTerminal>;
}

interface Started {
  env: Record<string, string>;
  columns?: number;
  rows?: number;
  /** The words of another program. */
  program?: readonly string[];
}

const PINNACLE = [process.execPath, resolve('bin/pinnacle.js')];

/** Starts the built program on a terminal of this size. */
export function startLive(
  { env, columns = 100, rows = 30, program = PINNACLE }: Started,
  ...argv: string[]
): LiveTerminal {
  const emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1_000 });
  const words = [String(columns), String(rows), ...program, ...argv];
  const pty = spawn('python3', ['test/helpers/live-terminal.py', ...words], {
    env: {
      PATH: process.env['PATH'],
      TMPDIR: tmpdir(),
      HOME: inject('cacheDir'),
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      // Python would make another locale of C.
      PYTHONCOERCECLOCALE: '0',
      ...env,
    },
  });
  let [written, isCursorShown, report] = [0, true, ''];
  pty.stdout.on('data', (chunk: Buffer) => {
    written += chunk.length;
    const [hidden = -1, shown = -1] = ['l', 'h'].map((mode) => chunk.lastIndexOf(`\x1b[?25${mode}`));
    if (hidden !== shown) isCursorShown = shown > hidden;
    emulator.write(chunk);
  });
  pty.stderr.on('data', (chunk: Buffer) => {
    report += chunk;
  });
  const order = (what: object) => pty.stdin.write(`${JSON.stringify(what)}\n`);
  const ended = new Promise<EndedOnTerminal>((done, fail) => {
    pty.on('close', () => {
      // What the emulator was given last, it must have read.
      emulator.write('', () => {
        try {
          done(JSON.parse(report));
        } catch {
          fail(new Error(`the terminal says: ${report}`));
        }
      });
    });
  });
  // Whoever awaits it is told.
  ended.catch(() => {});
  return {
    pid: async () => {
      const { readFile } = await import('node:fs/promises');
      return Number((await readFile(`/proc/${pty.pid}/task/${pty.pid}/children`, 'utf8')).trim());
    },
    type: (keys) => void order({ keys }),
    resize(width, height) {
      emulator.resize(width, height);
      order({ size: [width, height] });
    },
    hangUp: () => void order({ hang: true }),
    signal: (name) => void order({ signal: constants.signals[name] }),
    screen: () => {
      const { active } = emulator.buffer;
      return [...Array(emulator.rows).keys()].map(
        (row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
      );
    },
    isAlternate: () => emulator.buffer.active.type === 'alternate',
    isCursorShown: () => isCursorShown,
    modes: () => ({ paste: emulator.modes.bracketedPasteMode, wrap: emulator.modes.wraparoundMode }),
    bytes: () => written,
    ended,
  };
}
