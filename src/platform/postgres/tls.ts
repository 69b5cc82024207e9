import { Failure } from '../../util/failure.ts';
import { isLoopback } from '../../util/loopback.ts';

/** The protection of a connection: the option of the driver, and what it lacks. */
interface Tls {
  ssl: false | { rejectUnauthorized: boolean };
  lacks?: 'unverified' | 'plain';
}

const VERIFIED: Tls = { ssl: { rejectUnauthorized: true } };
const UNVERIFIED: Tls = { ssl: { rejectUnauthorized: false }, lacks: 'unverified' };
const PLAIN: Tls = { ssl: false, lacks: 'plain' };

/** Each sslmode for a server on this machine. Elsewhere all but the verified modes need --insecure-tls. */
export const MODES: Readonly<Record<string, Tls>> = {
  disable: PLAIN,
  allow: PLAIN,
  prefer: PLAIN,
  require: UNVERIFIED,
  'no-verify': UNVERIFIED,
  'verify-ca': VERIFIED,
  'verify-full': VERIFIED,
};

/**
 * The protection of a connection by the sslmode of its URL. Without one: none for a server on this machine, full
 * verification elsewhere. `insecure` allows weaker modes and verifies no certificate. Throws TLS_TOO_WEAK (exit 78).
 */
export function protectionOf(mode: string | undefined, host: string, insecure: boolean): Tls {
  const asked = mode === undefined ? undefined : MODES[mode];
  if (mode !== undefined && !asked)
    throw new Failure('config', 'CONFIG_INVALID', 'The URL of the database has an unknown sslmode.', {
      hint: `The modes are: ${Object.keys(MODES).join(', ')}.`,
    });
  if (isLocal(host)) {
    const local = asked ?? PLAIN;
    return insecure && local === VERIFIED ? UNVERIFIED : local;
  }
  if (insecure) return asked === PLAIN ? PLAIN : UNVERIFIED;
  if (!asked?.lacks) return VERIFIED;
  throw new Failure(
    'config',
    'TLS_TOO_WEAK',
    `sslmode=${mode} would not verify the server ${host}, which is not this machine.`,
    {
      hint: 'Use sslmode=verify-full in the URL, with sslrootcert=FILE for a CA of your own, or accept the risk with --insecure-tls.',
    },
  );
}

/** Whether a host is this machine: a socket, or a loopback name or address. */
export const isLocal = (host: string): boolean => host === '' || host.startsWith('/') || isLoopback(host);
