import pg, { type PoolConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';
import { Failure } from '../../util/failure.ts';
import { parseOptions } from './session-settings.ts';
import { isLocal, MODES, protectionOf } from './tls.ts';

/** Parses a URL; reads the certificate files that it names. Throws CONFIG_INVALID (exit 78). */
export function parseServerUrl(url: string): { config: PoolConfig; host: string; mode: string | undefined } {
  let mode: string | undefined;
  // How the driver treats a mode differs between versions, and it prints warnings: it never sees one.
  const rest = url.replace(/([?&])(ssl|sslmode|uselibpqcompat)=([^&#]*)/gi, (_all, mark, key, value) => {
    if (/^sslmode$/i.test(key)) mode = value;
    // Some drivers write the modes of sslmode here.
    else if (value in MODES) mode ??= value;
    else if (/^ssl$/i.test(key)) mode ??= /^(true|1)$/.test(value) ? 'verify-full' : 'disable';
    return mark;
  });
  try {
    const config: PoolConfig = parseIntoClientConfig(rest);
    return { config, host: config.host ?? '', mode };
  } catch {
    throw new Failure('config', 'CONFIG_INVALID', 'The URL of the database cannot be used.', {
      hint: 'It may contain a character that must be %-encoded, or name a file of sslrootcert, sslcert or sslkey that cannot be read.',
    });
  }
}

/** The configuration of the driver for a URL, with TLS as our rules have it. */
export function driverConfig(url: string, insecure: boolean): PoolConfig {
  const { config, host, mode } = parseServerUrl(url);
  const { ssl } = protectionOf(mode, host, insecure);
  const files = typeof config.ssl === 'object' ? config.ssl : {};
  // The parser passes on the parameters that it does not know.
  const patience = Number((config as { connect_timeout?: string }).connect_timeout);
  // Without a host in the URL, PGHOST is ignored: TLS and the target line take such a URL for this machine.
  return {
    ...config,
    host: host || 'localhost',
    ssl: ssl && { ...files, ...ssl },
    ...(patience > 0 ? { connectionTimeoutMillis: patience * 1_000 } : {}),
  };
}

/** What a connection by this URL lacks in protection, in words; undefined where nothing, or on this machine. */
export function tlsWeakness(url: string, insecure: boolean): string | undefined {
  const { host, mode } = parseServerUrl(url);
  const { lacks } = protectionOf(mode, host, insecure);
  if (!lacks || (isLocal(host) && !insecure) || (isLocal(host) && lacks === 'plain')) return undefined;
  return lacks === 'plain'
    ? 'The connection is not encrypted'
    : 'The certificate of the server is not verified';
}

/** What a client would use for a URL: its parts, else the PG… variables, else the defaults of the driver. */
interface ResolvedServer {
  user: string | undefined;
  host: string;
  port: number;
  database: string | undefined;
  /** Command-line options for the server, such as `-c search_path=trading`. */
  options: string | undefined;
}

export function resolveServer(url: string): ResolvedServer {
  const { config, host } = parseServerUrl(url);
  // Building a client resolves its parameters and opens no connection.
  const client = new pg.Client({ ...config, host: host || 'localhost', ssl: false });
  const { options } = (client as unknown as { connectionParameters: { options?: string } })
    .connectionParameters;
  const { user, port, database } = client;
  return { user, host: client.host, port, database, options };
}

/**
 * `trading@db1:5432/pinnacle`: user, host (or the folder of a socket), port and database, and the schema where one is
 * chosen; never a password.
 */
export function describeServer(url: string): string {
  const { user, host, port, database, options = '' } = resolveServer(url);
  const address = host.includes(':') ? `[${host}]` : host;
  const { search_path } = parseOptions(options);
  return `${user ? `${user}@` : ''}${address}:${port}/${database ?? ''}${search_path ? `, schema ${search_path}` : ''}`;
}

/** The URL with a schema as the only one that its sessions see, beside what it or PGOPTIONS sets. */
export function withSchema(url: string, schema: string): string {
  const { options = '' } = resolveServer(url);
  const rest = url.replace(/([?&])options=[^&]*&?/i, '$1').replace(/[?&]$/, '');
  const all = encodeURIComponent(`${options} -c search_path=${schema}`.trim());
  return `${rest}${rest.includes('?') ? '&' : '?'}options=${all}`;
}

/** The URL with another user, and without a password, also as parameters. */
export function withUser(url: string, user: string): string {
  const plain = url.replace(/(?<=[?&])(?:user|password)=[^&#]*&?/gi, '').replace(/[?&]$/, '');
  return plain.replace(/^([a-z][a-z\d+.-]*:\/\/)(?:[^/?#]*@)?/i, `$1${encodeURIComponent(user)}@`);
}

/** The URL with a password for its user. */
export function withPassword(url: string, password: string): string {
  const { user = '' } = resolveServer(url);
  return withUser(url, user).replace(
    /^([a-z][a-z\d+.-]*:\/\/[^/?#@]*)@/i,
    `$1:${encodeURIComponent(password)}@`,
  );
}

/** The URL of another database of the same server. */
export function withDatabase(url: string, database: string): string {
  return url.replace(/^([a-z][a-z\d+.-]*:\/\/[^/?#]*)(\/[^?#]*)?/i, `$1/${encodeURIComponent(database)}`);
}
