import { escapeControlLines, escapeControls, pluralize, truncate } from '../../util/text.ts';
import { wallClock } from '../../util/time.ts';
import type { AlertLevel, NotificationType } from '../enums.ts';
import type { UserId } from '../id.ts';
import type { Instant } from '../instant.ts';
import { isAtLeast } from './route.ts';

/** What is with a message: it is sent, or waits for it, or is given up. */
export const DELIVERY_STATES = ['PENDING', 'SENT', 'DEAD'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What is wrong with a channel for which a message waits: it is busy or away, or it needs somebody. */
export type ChannelState = 'WAITING' | 'FAILING';

/** A notification as a message tells of it. */
export interface AlertNotice {
  notification_id: string;
  user_id: UserId | null;
  notification_type: NotificationType;
  alert_level: AlertLevel;
  title: string;
  message: string;
  created_at: Instant;
}

/** A message as it is composed once and stored: every attempt sends the same. */
export interface AlertMessage {
  title: string;
  /** The highest of its notifications. */
  level: AlertLevel;
  /** How many notifications it is about. */
  count: number;
  /** The first of them; the same text stands once, with how many times. */
  notices: (AlertNotice & { times: number })[];
  /** How many are not among these. */
  more: number;
  /** What to know besides. */
  note: string;
}

const MOST_LISTED = 20;
const MOST_TITLE_CHARS = 200;
const MOST_TEXT_CHARS = 1_000;

/** The message of some notifications, at least one; those of the same text have the same `repeat_key`. */
export function composeMessage(
  notices: readonly (AlertNotice & { repeat_key: string })[],
  { group_key, note }: { group_key: string; note: string },
): AlertMessage {
  const texts = new Map<string, AlertNotice & { times: number }>();
  for (const notice of notices) {
    const known = texts.get(notice.repeat_key);
    if (known) known.times += 1;
    else texts.set(notice.repeat_key, listedOf(notice));
  }
  const all = [...texts.values()];
  const listed = all.slice(0, MOST_LISTED);
  const level = all.reduce<AlertLevel>((highest, { alert_level }) => higherOf(highest, alert_level), 'INFO');
  const [first] = all;
  const title =
    first && all.length === 1 && first.times === 1
      ? first.title
      : `${pluralize(notices.length, 'notification')}: ${group_key}`;
  return {
    title: truncate(title, MOST_TITLE_CHARS),
    level,
    count: notices.length,
    notices: listed,
    more: all.slice(MOST_LISTED).reduce((sum, { times }) => sum + times, 0),
    note,
  };
}

const listedOf = (notice: AlertNotice) => ({
  notification_id: notice.notification_id,
  user_id: notice.user_id,
  notification_type: notice.notification_type,
  alert_level: notice.alert_level,
  title: notice.title,
  message: truncate(notice.message, MOST_TEXT_CHARS),
  created_at: notice.created_at,
  times: 1,
});

const higherOf = (a: AlertLevel, b: AlertLevel) => (isAtLeast(a, b) ? a : b);

/** A message that is sent later than it should have been, which its title and its note say. */
export const lateMessage = (message: AlertMessage, note: string): AlertMessage => ({
  ...message,
  title: truncate(`(late) ${message.title}`, MOST_TITLE_CHARS),
  note: [note, message.note].filter(Boolean).join(' '),
});

/** The subject of a message, one line that is safe to show. */
export const subjectOf = ({ level, title }: AlertMessage): string => escapeControls(`[${level}] ${title}`);

/** The text of a message, with times as the clocks of a time zone have them, and the id to tell repetitions by. */
export function textOf(message: AlertMessage, id: string, timeZone: string): string {
  const texts = message.notices.map((notice) => textOfNotice(notice, timeZone));
  return [
    ...texts,
    ...(message.more > 0 ? [`and ${message.more} more: pinnacle notification list`] : []),
    ...(message.note === '' ? [] : ['', message.note]),
    '',
    `Times: ${timeZone}. Message ${id}.`,
  ].join('\n');
}

/** Subject and text in at most so many characters, at least 2,000: notifications that do not fit are among those that are more. */
export function shortTextOf(message: AlertMessage, id: string, timeZone: string, most: number): string {
  const text = `${subjectOf(message)}\n${textOf(message, id, timeZone)}`;
  const last = message.notices.at(-1);
  if (text.length <= most || !last) return text;
  const shorter = { ...message, notices: message.notices.slice(0, -1), more: message.more + last.times };
  return shortTextOf(shorter, id, timeZone, most);
}

const textOfNotice = (
  { created_at, alert_level, user_id, title, message, times }: AlertMessage['notices'][number],
  timeZone: string,
): string =>
  [
    [wallClock(created_at, timeZone), alert_level, user_id ?? 'system', escapeControls(title)].join('  ') +
      (times > 1 ? `  (${times} times)` : ''),
    ...escapeControlLines(message).map((line) => `    ${line}`),
  ].join('\n');
