import { isIP } from 'node:net';
import { Failure } from '../../util/failure.ts';

/** How the line to a server is protected: as the driver takes it, and what it lacks, in a word. */
interface Tls {
  ssl: false | { rejectUnauthorized: boolean };
  lacks?: 'unverified' | 'plain';
}

const VERIFIED: Tls = { ssl: { rejectUnauthorized: true } };
const UNVERIFIED: Tls = { ssl: { rejectUnauthorized: false }, lacks: 'unverified' };
const PLAIN: Tls = { ssl: false, lacks: 'plain' };

/** What each sslmode is on this machine. Away from it, all but the verified ones need --insecure-tls. */
const MODES: Readonly<Record<string, Tls>> = {
  disable: PLAIN,
  allow: PLAIN,
  prefer: PLAIN,
  require: UNVERIFIED,
  'no-verify': UNVERIFIED,
  'verify-ca': VERIFIED,
  'verify-full': VERIFIED,
};

/**
 * The protection of a connection by the sslmode of its URL, where it has one: without one, none on this machine and
 * verified in full away from it. `insecure` allows what is weaker, and asks for no certificate. Throws TLS_TOO_WEAK.
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
      hint: 'Say sslmode=verify-full in the URL, with sslrootcert=FILE for a CA of your own; or accept the risk with --insecure-tls.',
    },
  );
}

/** Whether a host is this machine: a socket, the loopback name or a loopback address. */
export function isLocal(host: string): boolean {
  return (
    host === '' ||
    host.startsWith('/') ||
    host === 'localhost' ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}
