import { stripVTControlCharacters } from 'node:util';
import { textWidth } from '../util/text-width.ts';
import { type Detour, type Pager, Sink } from './io.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The pager that the environment names, as words separated by blanks; undefined where there is to be none: it is empty or `cat`,
 * or the terminal is dumb.
 */
function pagerOf(env: Env): readonly string[] | undefined {
  const words = (env['PINNACLE_PAGER'] ?? env['PAGER'] ?? 'less').split(/\s+/).filter(Boolean);
  const isNone = words.length === 0 || (words.length === 1 && words[0] === 'cat');
  return isNone || (env['TERM'] ?? 'dumb') === 'dumb' ? undefined : words;
}

/**
 * Does work that writes to a terminal. What is longer than its rows goes to a pager, if one can be started, and this ends when
 * the pager does; what is shorter is written at the end.
 */
export async function withPager<T>(
  out: Sink,
  env: Env,
  page: (words: readonly string[]) => Promise<Pager | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const words = pagerOf(env);
  const { rows } = out.stream;
  if (words === undefined || !rows) return work();
  const paged = holdBack(out, rows, () => page(words));
  out.divert(paged);
  try {
    return await work();
  } finally {
    out.divert(undefined);
    await paged.end();
  }
}

/** Holds back what is written until it is longer than the screen, but for the line of its prompt. */
function holdBack(
  out: Sink,
  rows: number,
  start: () => Promise<Pager | undefined>,
): Detour & { end: () => Promise<void> } {
  const held: (string | Uint8Array)[] = [];
  let lines = 0;
  let pager: { sink: Sink; hasEnded: boolean; ended: Promise<void> } | undefined;
  const flush = async (to: Sink) => {
    for (const text of held.splice(0)) await to.pass(text);
  };
  return {
    get gone() {
      return pager !== undefined && (pager.hasEnded || pager.sink.gone);
    },
    async write(text) {
      if (pager) return pager.sink.write(text);
      held.push(text);
      lines += linesOf(text, out.columns, rows);
      if (lines < rows) return;
      const started = await start();
      if (started) pager = watched(started);
      else out.divert(undefined);
      await flush(pager?.sink ?? out);
    },
    async end() {
      if (!pager) return flush(out);
      pager.sink.stream.end();
      await pager.ended;
    },
  };
}

function watched({ input, ended }: Pager) {
  const pager = { sink: new Sink(input), hasEnded: false, ended };
  void ended.then(() => {
    pager.hasEnded = true;
  });
  return pager;
}

/** How many lines of a terminal a text takes, counted up to `most`. */
function linesOf(text: string | Uint8Array, columns: number, most: number): number {
  let [count, from] = [0, 0];
  const whole = typeof text === 'string' ? text : Buffer.from(text).toString();
  while (from < whole.length && count < most) {
    const end = whole.indexOf('\n', from);
    const line = whole.slice(from, end < 0 ? undefined : end);
    count += Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / columns));
    from = end < 0 ? whole.length : end + 1;
  }
  return count;
}
