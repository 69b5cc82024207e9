import { ALERT_LEVELS, type AlertLevel, type NotificationType } from '../enums.ts';
import type { UserId } from '../id.ts';

/** Which notifications go to a channel. */
export interface RouteFilter {
  /** Whose; null for those of everybody and of the system. */
  user_id: UserId | null;
  min_level: AlertLevel;
  /** Empty for all. */
  types: readonly string[];
}

/** Whether a level is at least another one. */
export const isAtLeast = (level: AlertLevel, least: AlertLevel): boolean =>
  ALERT_LEVELS.indexOf(level) >= ALERT_LEVELS.indexOf(least);

/** Whether a route takes a notification. What tells of a channel goes to all others, whatever types they take: they are all that is left. */
export function takes(
  { user_id, min_level, types, channel }: RouteFilter & { channel?: string },
  notice: {
    user_id: UserId | null;
    notification_type: NotificationType;
    alert_level: AlertLevel;
    /** The channel that it tells of, and how urgent its failure is or was. */
    about?: { alert_channel: string; level: AlertLevel } | undefined;
  },
): boolean {
  const { about } = notice;
  if (about) return channel !== about.alert_channel && user_id === null && isAtLeast(about.level, min_level);
  return (
    isAtLeast(notice.alert_level, min_level) &&
    (types.length === 0 || types.includes(notice.notification_type)) &&
    (user_id === null || user_id === notice.user_id)
  );
}
