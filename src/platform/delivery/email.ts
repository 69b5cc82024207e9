import type { ChannelSettings } from '../../domain/alerts/channel.ts';
import { subjectOf, textOf } from '../../domain/alerts/message.ts';
import { away, failed, refused, type SendOutcome } from '../../domain/alerts/outcome.ts';
import { isTlsFailure } from '../http-failure.ts';
import type { Envelope } from './envelope.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 15_000;
const TIMEOUT_MS = 30_000;

/** How a connection ends by which a mail may have been on its way. */
const BROKEN = ['ECONNECTION', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE'];
const SHUTTING_DOWN = 421;
const TOO_LARGE = 552;
/** The enhanced status of a mailbox that is full, for which servers answer 552 as well. */
const MAILBOX_FULL = /\b[45]\.2\.2\b/;

/** What nodemailer says of a failure. */
interface MailError extends Error {
  code?: string;
  /** Of the system, where there is one behind `code`. */
  originalCode?: string;
  /** What was answered: CONN, AUTH PLAIN, MAIL FROM, RCPT TO, DATA. */
  command?: string;
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
  // Not AbortSignal.timeout within AbortSignal.any: what nothing else refers to may be collected before it is time.
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS);
  try {
    const { response } = await transport.sendMail({
      from,
      to,
      subject: subjectOf(message),
      text: textOf(message, id, timeZone),
      messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      date: composedAt,
      headers: { 'Auto-Submitted': 'auto-generated' },
      priority: message.level === 'CRITICAL' ? 'high' : 'normal',
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    return { outcome: 'sent', provider_id: response };
  } catch (error) {
    if (timeout.signal.aborted) return away(`no answer within ${TIMEOUT_MS / 1_000} s`);
    return outcomeOf(error as MailError);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

/** What a failure means: without an answer by its code, else by what was answered, and to which command. */
function outcomeOf(error: MailError): SendOutcome {
  const { code = 'unknown', originalCode, responseCode } = error;
  const cause = originalCode ?? code;
  if (code === 'ETLS' || isTlsFailure(cause))
    return { ...refused(`no connection (${cause})`, 'channel'), away: true };
  if (responseCode !== undefined) return outcomeOfAnswer(responseCode, error);
  return code === 'EMESSAGE'
    ? refused('the message is larger than the server takes', 'message')
    : away(`no connection (${cause})`, BROKEN.includes(cause) ? 'either' : 'channel');
}

/** Before the mail itself it is about the login, the sender and the receiver, which are the channel's. */
function outcomeOfAnswer(status: number, { command, response = '' }: MailError): SendOutcome {
  const reason = `answered ${response === '' ? status : response}`;
  const isFull = MAILBOX_FULL.test(response);
  const fault = command === 'DATA' && status !== SHUTTING_DOWN && !isFull ? 'either' : 'channel';
  if (status < 500) return failed(reason, fault);
  return refused(reason, status === TOO_LARGE && !isFull ? 'message' : fault);
}
