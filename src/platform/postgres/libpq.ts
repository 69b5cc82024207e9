import { existsSync } from 'node:fs';
import { parseServerUrl } from './connect.ts';
import { protectionOf } from './tls.ts';

/** Where systems keep the authorities that they trust. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];
/** From here on libpq can be told to trust those of the system. */
const KNOWS_SYSTEM = 16;

/**
 * A server's URL as the variables that PostgreSQL's own programs of a major version read, TLS as our connections have
 * it. A password is only there.
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
    // Where nothing is to be verified, libpq would verify what it is given all the same.
    PGSSLROOTCERT: verified ? (asked.get('sslrootcert') ?? trusted(major)) : undefined,
    PGSSLCERT: asked.get('sslcert'),
    PGSSLKEY: asked.get('sslkey'),
    PGCONNECT_TIMEOUT: '5',
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])),
  );
}

function trusted(major: number): string | undefined {
  return major >= KNOWS_SYSTEM ? 'system' : BUNDLES.find((path) => existsSync(path));
}

/** The URL of another database of the same server. */
export function withDatabase(url: string, database: string): string {
  return url.replace(
    /^([a-z]+:\/\/[^/?#]*)(\/[^?#]*)?/i,
    `$1/${encodeURIComponent(database).replaceAll('$', '$$$$')}`,
  );
}
