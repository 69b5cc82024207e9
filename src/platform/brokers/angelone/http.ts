import { networkInterfaces } from 'node:os';
import { Failure } from '../../../util/failure.ts';
import { isLoopback } from '../../../util/loopback.ts';
import { readBounded } from '../../../util/read-bounded.ts';
import { readHttpFailure } from '../../http-failure.ts';

const VENDOR_ROOT = 'https://apiconnect.angelone.in';
const MAX_BYTES = 64 * 1024 * 1024;

/** How the broker is reached. */
export interface Endpoint {
  /** As `rootOf` gives it. */
  root: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** What became of one HTTP call. */
export type Exchange =
  | { kind: 'answered'; status: number; body: string; date: string | null }
  /** Nothing left this machine. */
  | { kind: 'unsent'; reason: string }
  /** It may have arrived, and there is no answer. */
  | { kind: 'lost'; reason: string };

/** The root of the API without a slash at its end. Throws CONFIG_INVALID unless it is https, or http to this machine. */
export function rootOf(url: string | undefined): string {
  if (url === undefined) return VENDOR_ROOT;
  const { protocol, hostname, username, password, search, hash, href } = parsed(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname)))
    throw invalid('must begin with https://: only a stand-in on this machine is reached by http');
  if (username || password || search || hash) throw invalid('must be a mere root, without user, query and #');
  return href.replace(/\/+$/, '');
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw invalid('is not a URL');
  }
}

const invalid = (why: string) => new Failure('config', 'CONFIG_INVALID', `The setting broker.url ${why}.`);

/** The headers of every call, except those of the caller. */
function headersOf(apiKey: string, token: string | undefined): Record<string, string> {
  const { address, mac } = ownAddress();
  return {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    'X-UserType': 'USER',
    'X-SourceID': 'WEB',
    'X-ClientLocalIP': address,
    // The broker compares the address that it sees itself.
    'X-ClientPublicIP': address,
    'X-MACAddress': mac,
    'X-PrivateKey': apiKey,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
}

/** The first address of this machine that others see. */
function ownAddress(): { address: string; mac: string } {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return (
    all.find(({ family, internal }) => family === 'IPv4' && !internal) ?? {
      address: '127.0.0.1',
      mac: '00:00:00:00:00:00',
    }
  );
}

/** Sends one call and waits for its whole answer, at most as long as the endpoint allows. Never throws. */
export async function exchange(
  { root, timeoutMs, signal }: Endpoint,
  call: { path: string; apiKey: string; token?: string | undefined; body?: object | undefined },
): Promise<Exchange> {
  if (signal.aborted) return { kind: 'unsent', reason: 'interrupted' };
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${root}${call.path}`, {
      method: call.body ? 'POST' : 'GET',
      headers: headersOf(call.apiKey, call.token),
      ...(call.body ? { body: JSON.stringify(call.body) } : {}),
      // Another host must not be given the headers.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    const body = await textOf(response);
    return { kind: 'answered', status: response.status, body, date: response.headers.get('date') };
  } catch (error) {
    if (signal.aborted) return { kind: 'lost', reason: 'interrupted' };
    if (timeout.aborted) return { kind: 'lost', reason: `no answer within ${timeoutMs} ms` };
    const { unsent, reason } = readHttpFailure(error);
    return { kind: unsent ? 'unsent' : 'lost', reason };
  }
}

async function textOf(response: Response): Promise<string> {
  const { bytes, cut } = await readBounded(response.body, MAX_BYTES);
  if (cut) throw new Error('the answer is larger than 64 MiB');
  return bytes.toString('utf8');
}
