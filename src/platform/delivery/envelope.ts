import type { AlertMessage } from '../../domain/alerts/message.ts';

/** A message on its way. */
export interface Envelope {
  /** The same for every attempt. */
  id: string;
  message: AlertMessage;
  /** When the message was composed, and when this attempt begins. */
  composedAt: Date;
  at: Date;
  /** Of the times in its text. */
  timeZone: string;
  signal: AbortSignal;
}
