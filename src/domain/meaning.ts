import type {
  AlertLevel,
  OrderSide,
  OrderStatus,
  PositionSide,
  PositionStatus,
  SessionStatus,
  StrategyStatus,
} from './enums.ts';

/** What a word says to a person who reads many of them; a colour may repeat it, never replace it. */
export type Meaning = 'buying' | 'selling' | 'good' | 'waiting' | 'bad' | 'alarming' | 'over';

type Label =
  | OrderSide
  | PositionSide
  | OrderStatus
  | PositionStatus
  | StrategyStatus
  | SessionStatus
  | Exclude<AlertLevel, 'INFO'>;

const LABELS = {
  BUY: 'buying',
  LONG: 'buying',
  SELL: 'selling',
  SHORT: 'selling',
  PENDING: 'waiting',
  PLACED: 'waiting',
  PARTIALLY_FILLED: 'waiting',
  FILLED: 'good',
  REJECTED: 'bad',
  CANCELLED: 'over',
  OPEN: 'good',
  CLOSED: 'over',
  ACTIVE: 'good',
  PAUSED: 'waiting',
  STOPPED: 'over',
  COMPLETED: 'over',
  WARNING: 'waiting',
  ERROR: 'bad',
  CRITICAL: 'alarming',
} as const satisfies Record<Label, Meaning>;

/** The words of checks, of the rollout, of keys and of files. */
const STATES = {
  active: 'good',
  applied: 'good',
  ok: 'good',
  behind: 'waiting',
  'not sealed yet': 'waiting',
  partial: 'waiting',
  pending: 'waiting',
  warn: 'waiting',
  warning: 'waiting',
  'cannot evaluate': 'bad',
  changed: 'bad',
  fail: 'bad',
  refused: 'bad',
  unfit: 'bad',
  unreachable: 'bad',
  violated: 'bad',
} as const satisfies Record<string, Meaning>;

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(Object.entries({ ...LABELS, ...STATES }));

/** What a status, side or level says, if anything. */
export const meaningOf = (word: string): Meaning | undefined => MEANINGS.get(word);
