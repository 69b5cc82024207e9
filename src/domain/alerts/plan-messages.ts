import { type Instant, isBefore, later } from '../instant.ts';
import { quietUntil } from './quiet-hours.ts';

/** When a route sends, in seconds and messages. */
export interface RouteTerms {
  quiet: string | null;
  group_wait: number;
  repeat_after: number;
  hourly_limit: number;
}

/** A notification that a route has taken and not put into a message yet. */
export interface WaitingItem {
  notification_id: string;
  notification_type: string;
  critical: boolean;
  /** When it was taken. */
  routed_at: Instant;
}

/** The messages of a route that count for the next: CRITICAL ones and others. */
export interface PastMessages {
  /** Sent within the last hour. */
  sent: number;
  /** Not sent yet. */
  open: number;
  /** Whether one of these was tried already. */
  trying: boolean;
}

export interface RouteHistory {
  critical: PastMessages;
  others: PastMessages;
}

/** A message to be composed. */
export interface PlannedMessage {
  /** The type of its notifications, or `digest` for several. */
  group_key: string;
  critical: boolean;
  ids: string[];
  /** Whether it is the last one that the limit allows for now. */
  last: boolean;
}

const DIGEST = 'digest';
/** What is new waits so long for the next message, while another is tried again and again. */
const WAIT_FOR_RETRY_MS = 900_000;

/**
 * Which messages a route sends now; what is in none of them goes on waiting. CRITICAL ones wait for the limit alone. Others wait for
 * each other by type, and for the end of the quiet hours, after which they are one digest. What exceeds the limit is one digest with the last message that it allows, or later.
 */
export function planMessages(
  route: RouteTerms,
  waiting: readonly WaitingItem[],
  history: RouteHistory,
  now: Instant,
  timeZone: string,
): PlannedMessage[] {
  const critical = waiting.filter((item) => item.critical);
  const others = waiting.filter((item) => !item.critical);
  return [
    ...within(byType(critical), history.critical, route, true),
    ...within(ripeGroups(route, others, history, now, timeZone), history.others, route, false),
  ];
}

type Groups = Map<string, WaitingItem[]>;

/** The groups that are to be sent now, but for the limit. */
function ripeGroups(
  route: RouteTerms,
  items: readonly WaitingItem[],
  { others }: RouteHistory,
  now: Instant,
  timeZone: string,
): Groups {
  const quietAt = (at: Instant) => quietUntil(route.quiet, at, timeZone) !== undefined;
  if (quietAt(now)) return new Map();
  const isDue = (since: Instant, seconds: number) => !isBefore(now, later(since, seconds * 1_000));
  const groups = byKey(items, (item) =>
    quietAt(later(item.routed_at, route.group_wait * 1_000)) ? DIGEST : item.notification_type,
  );
  for (const [key, group] of groups)
    if (!group.some((item) => isDue(item.routed_at, route.group_wait))) groups.delete(key);
  const isOld = (item: WaitingItem) => isDue(item.routed_at, WAIT_FOR_RETRY_MS / 1_000);
  return others.trying && ![...groups.values()].flat().some(isOld) ? new Map() : groups;
}

const byType = (items: readonly WaitingItem[]) => byKey(items, (item) => item.notification_type);

function byKey(items: readonly WaitingItem[], keyOf: (item: WaitingItem) => string): Groups {
  const groups: Groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** As many groups as the limit has room for; the last message takes all that are too many. */
function within(
  groups: Groups,
  { sent, open }: PastMessages,
  { hourly_limit }: RouteTerms,
  critical: boolean,
): PlannedMessage[] {
  const room = Math.max(0, hourly_limit - sent - open);
  if (room === 0) return [];
  const all = [...groups].map(([group_key, items]) => ({ group_key, items }));
  const rest = all.slice(room - 1).flatMap(({ items }) => items);
  const fitting = all.length <= room ? all : [...all.slice(0, room - 1), { group_key: DIGEST, items: rest }];
  return fitting.map(({ group_key, items }, i) => ({
    group_key,
    critical,
    ids: items.map(({ notification_id }) => notification_id),
    last: i + 1 === room,
  }));
}
