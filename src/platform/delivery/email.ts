import type { ChannelSettings } from '../../domain/alerts/channel.ts';
import { subjectOf, textOf } from '../../domain/alerts/message.ts';
import { away, failed, type SendOutcome } from '../../domain/alerts/outcome.ts';
import type { Envelope } from './envelope.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 15_000;
const TIMEOUT_MS = 30_000;

/** What nodemailer says of a failure. */
interface MailError extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
}

/**
 * Sends a message to one address by SMTP; its Message-ID is the same for every attempt. Without TLS where the channel says so; the
 * certificate of a server must be valid for its name.
 */
export async function sendEmail(
  { host, port, tls, login, from, to }: ChannelSettings['email'],
  password: string,
  { id, message, composedAt, timeZone, signal }: Envelope,
): Promise<SendOutcome> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(login === null ? {} : { auth: { user: login, pass: password } }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const sending = transport.sendMail({
      from,
      to,
      subject: subjectOf(message),
      text: textOf(message, id, timeZone),
      messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      date: composedAt,
      headers: { 'Auto-Submitted': 'auto-generated' },
      priority: message.level === 'CRITICAL' ? 'high' : 'normal',
    });
    const { response } = await Promise.race([sending, aborted(stop)]);
    return { outcome: 'sent', provider_id: response };
  } catch (error) {
    return outcomeOf(error as MailError);
  } finally {
    transport.close();
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const stop = () => reject(Object.assign(new Error('stopped'), { code: 'ETIMEDOUT' }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

/** A server that answers 5xx will never take it; 4xx, or no answer, may be another time. */
function outcomeOf({ code = 'unknown', responseCode, response = '' }: MailError): SendOutcome {
  if (responseCode === undefined || code === 'ETLS') return away(`no connection (${code})`);
  const reason = `answered ${response === '' ? responseCode : response}`;
  return responseCode >= 500 ? { outcome: 'refused', reason } : failed(reason);
}
