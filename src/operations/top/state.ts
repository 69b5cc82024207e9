import type { Key } from '../../cli/screen.ts';
import { truncate } from '../../util/text.ts';
import type { Look } from '../overview/open-day.ts';
import { type Choice, SORTS } from '../overview/overview.ts';
import { type Item, itemsOf, named, PANES, type Pane } from './panes.ts';

/** What the screen is doing: showing the day, taking a filter, asking before a halt, showing help or what a command printed. */
export type Mode =
  | { is: 'browse' }
  | { is: 'filter'; typed: string }
  | { is: 'halt'; halt: Halt; typed: string }
  | { is: 'help' }
  | { is: 'busy'; title: string; isWrite: boolean; isStopping: boolean }
  | { is: 'page'; title: string; lines: readonly string[]; top: number };

/** A halt that is asked for: what must still be typed before the reason, in order, and the profile that is confirmed with it. */
interface Halt {
  user: string;
  names: readonly string[];
  profile: string | undefined;
}

/** All that the screen shows comes from this, and from how large it is. */
export interface State {
  look: Look | undefined;
  /** Why the database does not answer; the last look stays. */
  problem: string | undefined;
  choice: Choice;
  pane: Pane;
  /** The row of each part that is selected, by its place. */
  selected: Readonly<Record<Pane, number>>;
  mode: Mode;
  isPaused: boolean;
}

export type Event =
  | { is: 'key'; key: Key }
  | { is: 'looked'; look: Look; choice: Choice }
  | { is: 'failed'; message: string }
  | { is: 'printed'; title: string; text: string }
  | { is: 'resized' };

/** What happens, and what waiting does not cure. */
export type Happening = Event | { is: 'broken'; error: unknown };

/** What is to be done besides showing the state. */
type Effect =
  | { is: 'quit' }
  | { is: 'read' }
  | { is: 'rest' }
  | { is: 'run'; argv: readonly string[] }
  | { is: 'stop' };

interface Step {
  state: State;
  effect?: Effect;
}

/** How it begins: with nothing read, of one user or of all. */
export const initialState = (choice: Choice): State => ({
  look: undefined,
  problem: undefined,
  choice,
  pane: 'traders',
  selected: { attention: 0, traders: 0, orders: 0, fills: 0, notifications: 0 },
  mode: { is: 'browse' },
  isPaused: false,
});

/** The row that is selected in the part that is open. */
const selectedItem = (state: State): Item | undefined =>
  itemsOf(state.look, state.pane)[state.selected[state.pane]];

/** What follows from an event. `protectedBy` is the profile that a write needs the name of, if any. */
export function reduce(state: State, event: Event, protectedBy: string | undefined): Step {
  if (event.is === 'looked') return { state: withLook(state, event.look, event.choice) };
  if (event.is === 'failed') return { state: { ...state, problem: event.message } };
  if (event.is === 'printed') {
    const lines = event.text.replace(/\n$/, '').split('\n');
    return { state: { ...state, mode: { is: 'page', title: event.title, lines, top: 0 } } };
  }
  if (event.is === 'resized') return { state };
  const { mode } = state;
  if (mode.is === 'busy') return busy(state, mode, event.key);
  if (event.key.name === 'ctrl-c') return { state, effect: { is: 'quit' } };
  if (event.key.name === 'paste' && !('typed' in mode)) return { state };
  if (mode.is === 'browse') return browse(state, event.key, protectedBy);
  if (mode.is === 'help') return { state: { ...state, mode: BROWSE } };
  if (mode.is === 'page') return { state: turn(state, mode, event.key) };
  return typing(state, mode, event.key);
}

const BROWSE: Mode = { is: 'browse' };

/** What has the newest first: who looks at the top of these looks at what is new. */
const NEWEST_FIRST: ReadonlySet<Pane> = new Set(['orders', 'fills', 'notifications']);

/**
 * The state with a new look; a selection stays with its thing, wherever that is now, or at the newest one. An older choice is passed over.
 */
function withLook(state: State, look: Look, choice: Choice): State {
  if (choice !== state.choice) return state;
  const next = { ...state, look, problem: undefined };
  const placeOf = (pane: Pane) => {
    if (state.selected[pane] === 0 && NEWEST_FIRST.has(pane)) return 0;
    const items = itemsOf(look, pane);
    const id = itemsOf(state.look, pane)[state.selected[pane]]?.id;
    const found = items.findIndex((item) => item.id === id);
    return found >= 0 ? found : clamp(state.selected[pane], items.length);
  };
  return {
    ...next,
    selected: Object.fromEntries(PANES.map((pane) => [pane, placeOf(pane)])) as State['selected'],
  };
}

const clamp = (place: number, length: number) => Math.max(0, Math.min(place, length - 1));

const PAGE_ROWS = 10;
const MOVES: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  pageup: -PAGE_ROWS,
  pagedown: PAGE_ROWS,
  home: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
};

function browse(state: State, key: Key, protectedBy: string | undefined): Step {
  const { pane, selected, choice } = state;
  const move = MOVES[key.name];
  if (move !== undefined) {
    const place = clamp(selected[pane] + move, itemsOf(state.look, pane).length);
    return { state: { ...state, selected: { ...selected, [pane]: place } } };
  }
  const item = selectedItem(state);
  switch (key.name) {
    case 'q':
      return { state, effect: { is: 'quit' } };
    case 'tab':
    case 'right':
      return { state: { ...state, pane: neighbour(pane, 1) } };
    case 'left':
      return { state: { ...state, pane: neighbour(pane, -1) } };
    case 's': {
      const sort = SORTS[(SORTS.indexOf(choice.sort) + 1) % SORTS.length] ?? 'net';
      return { state: { ...state, choice: { ...choice, sort } }, effect: { is: 'read' } };
    }
    case 'p':
    case 'space':
      return {
        state: { ...state, isPaused: !state.isPaused },
        effect: { is: state.isPaused ? 'read' : 'rest' },
      };
    case 'escape':
      return choice.text === ''
        ? { state }
        : { state: { ...state, choice: { ...choice, text: '' } }, effect: { is: 'read' } };
    case 'return':
      return item ? run(state, item.show) : { state };
    case 'h':
      return item?.user ? { state: { ...state, mode: askToHalt(item.user, protectedBy) } } : { state };
  }
  if (key.text === '/') return { state: { ...state, mode: { is: 'filter', typed: choice.text } } };
  if (key.text === '?') return { state: { ...state, mode: { is: 'help' } } };
  const chosen = PANES[Number(key.text) - 1];
  return { state: chosen === undefined ? state : { ...state, pane: chosen } };
}

const neighbour = (pane: Pane, by: number): Pane =>
  PANES[(PANES.indexOf(pane) + by + PANES.length) % PANES.length] ?? 'traders';

const run = (state: State, argv: readonly string[], isWrite = false): Step => ({
  state: { ...state, mode: { is: 'busy', title: `pinnacle ${argv.join(' ')}`, isWrite, isStopping: false } },
  effect: { is: 'run', argv },
});

const STOPPING = new Set(['q', 'escape', 'ctrl-c']);

/** A command that runs is stopped first, and says what became of it; where it does not, the next time is the end. */
function busy(state: State, mode: Extract<Mode, { is: 'busy' }>, key: Key): Step {
  if (!STOPPING.has(key.name)) return { state };
  if (mode.isStopping) return { state, effect: { is: 'quit' } };
  return { state: { ...state, mode: { ...mode, isStopping: true } }, effect: { is: 'stop' } };
}

const askToHalt = (user: string, profile: string | undefined): Mode => ({
  is: 'halt',
  halt: { user, names: [user, ...(profile === undefined ? [] : [profile])], profile },
  typed: '',
});

type Typing = Extract<Mode, { typed: string }>;

const TYPED_MOST = 200;

function typing(state: State, mode: Typing, key: Key): Step {
  if (key.name === 'escape') return { state: { ...state, mode: BROWSE } };
  if (key.name === 'return') return entered(state, mode);
  const typed =
    key.name === 'backspace'
      ? [...mode.typed].slice(0, -1).join('')
      : truncate(mode.typed + key.text, TYPED_MOST, '');
  return { state: { ...state, mode: { ...mode, typed } } };
}

function entered(state: State, mode: Typing): Step {
  const back = { ...state, mode: BROWSE };
  if (mode.is === 'filter')
    return {
      state: { ...back, choice: { ...state.choice, text: mode.typed.trim() } },
      effect: { is: 'read' },
    };
  const { user, names, profile } = mode.halt;
  const [wanted, ...more] = names;
  if (wanted === undefined) {
    const confirmed = profile === undefined ? [] : ['--confirm', profile];
    const reason = mode.typed.trim() || 'not given';
    return run(state, ['risk', 'halt', ...confirmed, '--reason', reason, '--yes', ...named(user)], true);
  }
  // What is not the name changes nothing, and is asked for again.
  const left = mode.typed === wanted ? more : names;
  return { state: { ...state, mode: { is: 'halt', halt: { ...mode.halt, names: left }, typed: '' } } };
}

function turn(state: State, mode: Extract<Mode, { is: 'page' }>, key: Key): State {
  const move = MOVES[key.name];
  if (move === undefined) return { ...state, mode: BROWSE };
  return { ...state, mode: { ...mode, top: clamp(mode.top + move, mode.lines.length) } };
}
