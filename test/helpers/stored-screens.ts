import { fromWallClock, wallClock } from '../../src/util/time.ts';
import { type ScreenRow, screenOf } from './screen.ts';

/** What a command printed on a terminal of so many columns. */
export interface Shown {
  columns: number;
  printed: string;
}

/** Screens as text that is kept and reviewed, by a name, in the order in which they were seen. */
export function screenStore(stable: (text: string) => string) {
  const kept = new Map<string, string[]>();
  return {
    /** Keeps what a command line showed; widths that show the same stand together. */
    async add(name: string, line: string, code: number, shown: readonly Shown[]): Promise<void> {
      const drawn = new Map<string, number[]>();
      for (const { columns, printed } of shown) {
        const text = withoutCounts(textOf(await screenOf(stable(printed), { columns, rows: MOST_ROWS })));
        drawn.set(text, [...(drawn.get(text) ?? []), columns]);
      }
      const parts = [...drawn].map(([text, columns]) => `--- ${columns.join(', ')}\n${text}`);
      const ended = code === 0 ? '' : `   (exit ${code})`;
      kept.set(name, [...(kept.get(name) ?? []), `$ pinnacle ${line}${ended}\n${parts.join('')}`]);
    },
    names: () => [...kept.keys()].sort(),
    textOf: (name: string) => (kept.get(name) ?? []).join('\n'),
  };
}

/** The time zone of what is stored. */
export const STORED_ZONE = 'Asia/Kolkata';

const MOST_ROWS = 40;

/** Rows of a screen as lines; what goes on from the row before it is marked, and what is beyond a screen is counted. */
function textOf(rows: readonly ScreenRow[]): string {
  const lines = rows.slice(0, MOST_ROWS).map(({ text, isWrapped }) => `${isWrapped ? '↩' : ''}${text}\n`);
  const more = rows.length - lines.length;
  return lines.join('') + (more > 0 ? `(${more} more rows)\n` : '');
}

/** Columns of what is measured, which are wider than what stands in them. */
const MEASURED = ['duration_ms'];

/** The same tables with a zero for each number that is measured. */
function withoutCounts(text: string): string {
  let [from, end] = [0, 0];
  const lines = text.split('\n').map((line) => {
    const name = MEASURED.find((each) => new RegExp(`(^| )${each}( |$)`).test(line));
    if (line === '') end = 0;
    if (name !== undefined && / {2}\S/.test(line) && !/^\w+ +\d/.test(line)) {
      from = line.indexOf(name);
      end = from + name.length;
      return line;
    }
    if (end === 0 || !/^ *[\d,]+$/.test(line.slice(from, end))) return line;
    return line.slice(0, from) + '0'.padStart(end - from) + line.slice(end);
  });
  return lines.join('\n');
}

const DAY_MS = 86_400_000;
const TODAY = Date.parse('2026-03-02T00:00:00Z');
/** Dates of a year before are counted from today as well. */
const YEAR_DAYS = 365;
/** Dates so many days from today are told by the clock; others were written. */
const NEAR_DAYS = 40;

const CONTROL = '(?:\\u001b\\[[\\d;?]*[A-Za-z])*';
/** What a spinner writes once where it does not turn, as in CI. */
const STILL_SPINNER = new RegExp(`^${CONTROL}-${CONTROL} [A-Za-z][^\\n]*\\n`, 'gm');

const ULID_CHAR = '[0-9A-HJKMNP-TV-Z]';
const TIME_CHARS = 10;
const END_CHARS = 6;
/** A generated id: without its middle, cut within a text, or whole. */
const GENERATED = new RegExp(
  `\\b([a-z]{3}_)(?:(${ULID_CHAR}{3,25})(…|\\.\\.\\.)(${ULID_CHAR}{${END_CHARS}})?|(${ULID_CHAR}{${TIME_CHARS},}))`,
  'g',
);
const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g;
const LOCAL = /(\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d)?/g;

/** What is told by clocks, random numbers and this machine, and differs from run to run. */
const TOLD: readonly (readonly [pattern: RegExp, text: string | ((text: string) => string)])[] = [
  [/postgres@\S+/g, 'trading@db1:5432/pinnacle'],
  [/127\.0\.0\.1:\d{5}/g, '127.0.0.1:16379'],
  [/\b(1[5-9]|[2-5]\d) min\b/g, '15 min'],
  [/\b(\d+\.\d s|\d min) ago\b/g, 'just now'],
  [/\b\d+(\.\d)? (s|min) old\b */g, (text) => '15 min old'.padEnd(text.length)],
  [/\b\d{3} d\b/g, '300 d'],
  [
    /^(day|doctor|next) +(ok|warn|fail|-) +[^\n]*(\n {2}pinnacle [^\n]*)?/gm,
    (text) =>
      text.replace(
        /(?<=^\w+ +)(\S+ +)[\s\S]*$/,
        (_all, state: string) => `${'-'.padEnd(state.length)}as it is now`,
      ),
  ],
  [/(?<=^(version|commit|node|postgres_client|embedded_engine) +)\S.*$/gm, 'as it is here'],
  [/(?<=^(txid|duration_ms) +)[\d,]+$/gm, '0'],
  [/"duration_ms":\d+/g, '"duration_ms":0'],
  [/\bPostgreSQL \d\d\b/g, 'PostgreSQL 17'],
  [/\b[\d,]+ bytes\b/g, '1,000 bytes'],
  [/\bpinnacle_[0-9a-f]{32}\b/g, `pinnacle_${'0'.repeat(32)}`],
  [/\d{4}-\d\d-\d\d \d\d:\d\d(?= UTC)/g, '2026-03-03 10:30'],
  [/\d+(\.\d)? (ms|s) *(?= {2}no )/g, (text) => '0 ms'.padEnd(text.length)],
  [/(?<=pin_(live|ses)_)\w+/g, (text) => 'x'.repeat(text.length)],
  [/\b[0-9a-f]{64}\b/g, '0'.repeat(64)],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'random-name-of-so-many-characters-xx'],
  [/(?<=^bytes +)[\d,]+$/gm, '1,000'],
];

/** Replaces what differs between two runs by what does not and is as long, the same by the same. */
export function stableTexts(zone: string, folder: string) {
  const today = wallClock(new Date().toISOString(), zone).slice(0, 10);
  const daysFrom = (day: string) => Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
  const moved = (days: number) => new Date(TODAY + days * DAY_MS).toISOString().slice(0, 10);
  const dated = (all: string, day: string, clock = '') => {
    const ago = daysFrom(day);
    const days = Math.abs(ago + YEAR_DAYS) <= 1 ? -YEAR_DAYS : ago;
    if (days === -YEAR_DAYS) return moved(days) + clock.replace(/ .*/, ' 10:30:00');
    if (Math.abs(days) < NEAR_DAYS) return moved(days) + clock.replace(/ .*/, ' 10:30:00');
    if (clock === '') return all;
    return wallClock(fromWallClock(new Date(`${day}T${clock.trim()}Z`), zone).toISOString(), STORED_ZONE);
  };
  const times = numbering();
  /** The beginning of an id: its time, or some of it, and nothing but zeros behind it. */
  const begun = (text: string) => {
    const time = text.slice(0, TIME_CHARS);
    const told = isOld(time) ? time : time.length < TIME_CHARS ? '01KG' : times(time, '01KG');
    return told.padEnd(text.length, '0').slice(0, text.length);
  };
  const ends = numbering();
  const keys = numbering();
  return (printed: string): string => {
    let text = printed
      .replace(STILL_SPINNER, '')
      .replaceAll(folder, '/srv/pinnacle')
      .replaceAll(process.cwd(), '.');
    for (const [pattern, told] of TOLD)
      text = typeof told === 'string' ? text.replace(pattern, told) : text.replace(pattern, told);
    return text
      .replace(GENERATED, (_all, prefix: string, head = '', ellipsis = '', end = '', text = '') => {
        if (head !== '') return prefix + begun(head) + ellipsis + (end && ends(end, ''));
        const isWhole = text.length === TIME_CHARS + 16;
        return (
          prefix +
          (isWhole ? begun(text.slice(0, -END_CHARS)) + ends(text.slice(-END_CHARS), '') : begun(text))
        );
      })
      .replace(/\b(?=[a-f]*\d)[0-9a-f]{8}\b/g, (key) => keys(key, 'e'))
      .replace(ISO, (at) => `${moved(daysFrom(wallClock(at, zone).slice(0, 10)))}T05:00:00.000000Z`)
      .replace(LOCAL, dated)
      .replaceAll(zone, STORED_ZONE)
      .replace(new RegExp(`\\b${today.slice(0, 7)}\\b(?!-)`, 'g'), moved(0).slice(0, 7));
  };
}

/** Ids of what was written of years before: their time is that of the file. */
const isOld = (time: string) => time < '01J';

/** A number for each text, in a text that is as long. */
function numbering() {
  const known = new Map<string, number>();
  return (text: string, start: string) => {
    const number = known.get(text) ?? known.size + 1;
    known.set(text, number);
    return start + String(number).padStart(text.length - start.length, '0');
  };
}
