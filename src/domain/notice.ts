import type { AlertLevel, NotificationType } from './enums.ts';
import type { UserId } from './id.ts';

/** A notification to write: for a user, or system-wide if user_id is null. */
export interface Notice {
  /** Where what is written at once by several may be there once only. */
  notification_id?: string;
  user_id: UserId | null;
  notification_type: NotificationType;
  alert_level: AlertLevel;
  /** At most 200 characters. */
  title: string;
  message: string;
  data: Readonly<Record<string, unknown>>;
}
