import { ellipsisOf, plainly, type Terminal } from '../../cli/charts/terminal.ts';
import { type Column, fitColumns, GAP } from '../../cli/fit-columns.ts';
import { formatRupees } from '../../domain/money.ts';
import { leastColumns, shortened } from '../../domain/shortened-id.ts';
import { UNREAD_MOST } from '../../trading/notifications/count-unread.ts';
import { escapeControls, pluralize, someOf } from '../../util/text.ts';
import { cutToWidth, textWidth } from '../../util/text-width.ts';
import type { Look } from '../overview/open-day.ts';
import { ageText, type Cell, headsOf, itemsOf, PANES, type Pane, type Tone, titleOf } from './panes.ts';
import type { Mode, State } from './state.ts';

/** What the screen is told besides its state. */
export interface Around extends Terminal {
  rows: number;
  /** Where it reads from. */
  source: string;
  intervalMs: number;
  /** A UTC time as the clocks of the trading day show it. */
  clock: (at: string) => string;
}

/** The screen as lines: no more than it has rows, none wider than it is, and nothing of what is shown can drive the terminal. */
export function view(state: State, around: Around): string[] {
  const { columns, rows } = around;
  const line = (text: string, tone?: Tone | 'banner' | 'bold') =>
    paintedLine(cutToWidth(safe(text, around), columns, ellipsisOf(around)), tone, around);
  const above = [
    line(headerOf(state, around), 'bold'),
    ...(state.problem === undefined ? [] : [line(`DATABASE AWAY: ${state.problem} Retrying.`, 'banner')]),
    ...(state.look?.redis === undefined ? [] : [line(`REDIS AWAY: ${state.look.redis}`, 'banner')]),
    ...(state.look === undefined ? [] : totals(state.look).map(([text, tone]) => line(text, tone))),
  ];
  const below = [
    ...(state.look === undefined || rows < 12 ? [] : [line(ages(state.look), 'dim')]),
    ...promptOf(state, around).map((text) => line(text, state.mode.is === 'halt' ? 'banner' : 'dim')),
  ];
  const room = Math.max(0, rows - above.length - below.length);
  const middle = middleOf(state, around, room, line);
  const filled = [...middle, ...Array<string>(Math.max(0, room - middle.length)).fill('')];
  return [...above, ...filled, ...below].slice(0, rows);
}

type Line = (text: string, tone?: Tone | 'banner' | 'bold') => string;

function middleOf(state: State, around: Around, room: number, line: Line): string[] {
  const { mode, look } = state;
  if (mode.is === 'help') return HELP.slice(0, room).map((text) => line(text));
  if (mode.is === 'page')
    return [
      line(mode.title, 'bold'),
      ...mode.lines.slice(mode.top, mode.top + room - 1).map((text) => line(text)),
    ];
  if (look === undefined) return [];
  return sectionHeights(state, look, room).flatMap(([pane, height]) =>
    section(state, look, pane, height, around),
  );
}

/** The database is cut first, then what comes last: whoever filters sees that, however narrow it is. */
function headerOf({ choice, isPaused, look }: State, around: Around): string {
  const { source, intervalMs, clock, columns } = around;
  const parts = [
    choice.text === '' ? '' : `with "${choice.text}"`,
    choice.user === undefined ? '' : `of ${choice.user}`,
    isPaused ? 'PAUSED' : '',
    look === undefined ? '' : clock(look.overview.at),
    isPaused ? '' : `every ${intervalMs / 1_000} s`,
    `by ${choice.sort}`,
  ];
  const rest = parts.filter((part) => part !== '').join('  ');
  const room = Math.max(columns - textWidth(safe(rest, around)) - GAP, SOURCE_COLUMNS);
  return `${cutToWidth(safe(`Pinnacle  ${source}`, around), room, ellipsisOf(around))}${' '.repeat(GAP)}${rest}`;
}

/** The database has as many columns, with the name of the program, whatever else there is. */
const SOURCE_COLUMNS = 20;

/** What matters most comes first, where a line is cut. */
function totals({ overview: { totals: all, undelivered } }: Look): [string, Tone | undefined][] {
  const needs = [
    all.halts > 0 ? pluralize(all.halts, 'halt') : '',
    all.violated > 0 ? `${pluralize(all.violated, 'rule')} violated` : '',
    all.unevaluated > 0 ? `${pluralize(all.unevaluated, 'rule')} not evaluated` : '',
    all.critical > 0 ? `${all.critical} CRITICAL` : '',
    undelivered.channels.length > 0 ? `no alerts by ${someOf(undelivered.channels, 3)}` : '',
    undelivered.dead > 0 ? `${pluralize(undelivered.dead, 'alert')} given up` : '',
  ].filter((text) => text !== '');
  const money = `net ${formatRupees(all.net_pnl)}  realized ${formatRupees(all.realized_pnl)}  unrealized ${formatRupees(all.unrealized_pnl)}`;
  const counts = `${pluralize(all.traders, 'trader')} (${all.in_session} in session)  ${all.positions} open  ${all.working} working  ${all.unread}${all.unread < UNREAD_MOST ? '' : ' or more'} unread`;
  return [
    [money, undefined],
    [[...needs, counts].join('  '), needs.length > 0 ? 'bad' : undefined],
  ];
}

function ages({ overview: { at, ages: since }, lags }: Look): string {
  const { quotes, outbox, unsealed, replicas } = lags;
  const unready = replicas.filter(({ state }) => state !== 'ready').length;
  const parts = [
    `oldest order ${ageText(since.oldest_order, at)}`,
    `oldest mark ${ageText(since.oldest_mark, at)}${since.stale_marks > 0 ? ` (${since.stale_marks} stale)` : ''}`,
    quotes === null
      ? ''
      : `quotes ${ageText(quotes.newest, at)} to ${ageText(quotes.oldest, at)}, ${quotes.found} of ${quotes.symbols}`,
    outbox === null
      ? ''
      : `outbox ${outbox.pending}${outbox.oldest ? ` since ${ageText(outbox.oldest, at)}` : ''}`,
    unsealed === null ? '' : `unsealed ${unsealed.count}`,
    replicas.length === 0 ? '' : `replicas ${replicas.length - unready} of ${replicas.length} ready`,
    since.synced === null || since.synced.accounts === 0
      ? ''
      : `sync ${ageText(since.synced.last, at)}${since.synced.problems > 0 ? `, ${since.synced.problems} with problems` : ''}`,
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** How many lines each part has, its head among them: in turn each gets one, the open one two; where few fit, the open one alone. */
function sectionHeights(state: State, look: Look, room: number): [Pane, number][] {
  const needs = new Map(PANES.map((pane) => [pane, 1 + itemsOf(look, pane).length]));
  const all = PANES.filter(
    (pane) => pane !== 'attention' || pane === state.pane || (needs.get(pane) ?? 0) > 1,
  );
  const shown = room < 2 * all.length ? [state.pane] : all;
  const heights = new Map(shown.map((pane) => [pane, 1]));
  let left = room - shown.length;
  for (let isGiven = true; isGiven && left > 0; ) {
    isGiven = false;
    for (const pane of shown) {
      const height = heights.get(pane) ?? 0;
      const more = Math.min(left, pane === state.pane ? 2 : 1, (needs.get(pane) ?? 0) - height);
      if (more <= 0) continue;
      heights.set(pane, height + more);
      left -= more;
      isGiven = true;
    }
  }
  return [...heights];
}

/** A part as a table, the selected row in the middle where there are more than fit. */
function section(state: State, look: Look, pane: Pane, height: number, around: Around): string[] {
  const heads = headsOf(pane);
  const all = itemsOf(look, pane);
  const isOpen = pane === state.pane;
  const selected = state.selected[pane];
  const count = height - 1;
  const from = isOpen ? Math.max(0, Math.min(selected - Math.floor(count / 2), all.length - count)) : 0;
  const shown = all.slice(from, from + count).map(({ cells }) => cells(around.unicode));
  const names = heads.map(({ name }, i) => (i === 0 ? titleOf(look, pane) : name));
  const widths = fitted(names, heads, shown, around);
  const cellsOf = (cells: readonly Cell[], tone: (cell: Cell) => Tone | 'bold' | undefined) =>
    widths
      .map(({ at, width, isNumber }) => {
        const cell = cells[at] ?? { text: '' };
        const text = cellText(cell.text, width, isNumber, around);
        return paintedLine(text, tone(cell), around);
      })
      .join(' '.repeat(GAP));
  const head = cellsOf(
    names.map((text) => ({ text })),
    () => 'bold',
  );
  const lines = shown.map((cells, i) => {
    const isSelected = isOpen && from + i === selected;
    const text = cellsOf(cells, (cell) => (isSelected ? undefined : cell.tone));
    return isSelected ? `> ${around.paint.inverse(text)}` : `  ${text}`;
  });
  return [`${isOpen ? '* ' : '  '}${head}`, ...lines];
}

const MARK_COLUMNS = 2;
/** A text may become as narrow as this. */
const LEAST_COLUMNS = 9;

/** The columns that fit, each with its place among the cells. */
function fitted(
  names: readonly string[],
  heads: ReturnType<typeof headsOf>,
  rows: readonly (readonly Cell[])[],
  around: Around,
) {
  const columns: Column[] = heads.map(({ mayBeCut, minor }, at) => {
    const texts = rows.map((cells) => safe(cells[at]?.text ?? '', around));
    const width = Math.max(...[names[at] ?? '', ...texts].map(textWidth));
    const shortest = Math.max(LEAST_COLUMNS, leastColumns(texts, ellipsisOf(around), LEAST_COLUMNS));
    const least = mayBeCut ? Math.min(width, Math.max(shortest, textWidth(names[at] ?? ''))) : width;
    return { name: String(at), width, least, minor: minor === true, asked: false };
  });
  return fitColumns(columns, around.columns - MARK_COLUMNS).map(({ name, width }) => ({
    at: Number(name),
    width,
    isNumber: heads[Number(name)]?.isNumber === true,
  }));
}

const KEYS = 'up/down select  tab part  enter show  s sort  / filter  h halt  p pause  ? help  q quit';
const HELP = [
  'up, down, page up, page down, home, end   select a row',
  'tab, left, right, 1 to 5                  another part: what needs you, traders, working orders, fills, alerts',
  'enter                                     show the row as its command prints it',
  's                                         sort traders by net P&L, drawdown, unrealized P&L, id',
  '/                                         filter by user, symbol or strategy; escape takes it away',
  'h                                         halt the trader of the row: asks for the name, and for a reason',
  'p                                         pause, and go on',
  'q, ctrl-c                                 quit',
  '',
  'P&L is that of the trading day: net is realized P&L less the charges booked for it, as position pnl --net prints it.',
  'Drawdown is the largest of the running session, against the limit of MAX_DRAWDOWN; rules are as of the last risk check.',
];

/** The last lines: what is asked, with what is typed in a line of its own, or which keys there are. */
function promptOf({ mode }: State, around: Around): string[] {
  switch (mode.is) {
    case 'filter':
      return ['Filter by user, symbol or strategy:', typedLine(mode.typed, around)];
    case 'halt':
      return [haltQuestion(mode), typedLine(mode.typed, around)];
    case 'busy':
      return [
        mode.isStopping ? `Stopping: ${mode.title}  q quits` : `Running: ${mode.title}  escape stops it`,
      ];
    case 'page':
      return ['up/down scroll  any other key goes back'];
    case 'help':
      return ['Any key goes back.'];
    default:
      return [KEYS];
  }
}

function haltQuestion({ halt: { user, names } }: Extract<Mode, { is: 'halt' }>): string {
  const [wanted] = names;
  if (wanted === undefined) return `Halting ${user}. Reason, then enter. Escape: nothing is done.`;
  return `Halt ${user}? Type ${wanted}, then enter. Escape: nothing is done.`;
}

/** The end of what is typed, where the keys are, as far as it fits. */
function typedLine(typed: string, around: Around): string {
  const chars = [...typed];
  const text = () => safe(`> ${chars.join('')}_`, around);
  while (chars.length > 0 && textWidth(text()) > around.columns) chars.shift();
  return text();
}

/** A text whose characters the terminal can show, and which cannot drive it. */
function safe(text: string, around: Around): string {
  const escaped = plainly(escapeControls(text), around);
  return around.unicode ? escaped : escaped.replace(/[^\x20-\x7e]/g, '?');
}

/** The same in so many columns: cut, or with spaces on one side. */
function cellText(text: string, width: number, isNumber: boolean, around: Around): string {
  const cut = shortened(safe(text, around), width, ellipsisOf(around));
  const padding = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return isNumber ? padding + cut : cut + padding;
}

function paintedLine(text: string, tone: Tone | 'banner' | 'bold' | undefined, { paint }: Around): string {
  switch (tone) {
    case 'good':
      return paint.green(text);
    case 'bad':
      return paint.red(text);
    case 'warn':
      return paint.yellow(text);
    case 'dim':
      return paint.dim(text);
    case 'bold':
      return paint.bold(text);
    case 'banner':
      return paint.inverse(text);
    default:
      return text;
  }
}
