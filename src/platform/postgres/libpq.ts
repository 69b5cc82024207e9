import { existsSync } from 'node:fs';
import { parseServerUrl } from './server-url.ts';
import { protectionOf } from './tls.ts';

/** Where systems keep the certificate authorities that they trust. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];
/** From this version on libpq takes sslrootcert=system. */
const SYSTEM_ROOTS_MAJOR = 16;

/**
 * A URL as the environment variables of PostgreSQL's own programs, with the TLS rules of our connections. The password is
 * passed nowhere else.
 */
export function libpqEnvironment(url: string, insecure: boolean, major: number): Record<string, string> {
  const { config, host, mode } = parseServerUrl(url);
  const { ssl, lacks } = protectionOf(mode, host, insecure);
  const asked = new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '');
  const verified = ssl !== false && !lacks;
  const given: Record<string, unknown> = {
    PGHOST: host || 'localhost',
    PGPORT: config.port,
    PGUSER: config.user,
    PGDATABASE: config.database,
    PGPASSWORD: typeof config.password === 'string' ? config.password : undefined,
    PGSSLMODE: ssl === false ? 'disable' : verified ? 'verify-full' : 'require',
    // libpq would verify against a given file even where nothing is to be verified.
    PGSSLROOTCERT: verified ? (asked.get('sslrootcert') ?? trusted(major)) : undefined,
    PGSSLCERT: asked.get('sslcert'),
    PGSSLKEY: asked.get('sslkey'),
    PGOPTIONS: asked.get('options'),
    PGCONNECT_TIMEOUT: '5',
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])),
  );
}

function trusted(major: number): string | undefined {
  return major >= SYSTEM_ROOTS_MAJOR ? 'system' : BUNDLES.find((path) => existsSync(path));
}

/** The URL of another database of the same server. */
export function withDatabase(url: string, database: string): string {
  return url.replace(
    /^([a-z]+:\/\/[^/?#]*)(\/[^?#]*)?/i,
    `$1/${encodeURIComponent(database).replaceAll('$', '$$$$')}`,
  );
}
