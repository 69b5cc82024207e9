import { Failure } from '../../util/failure.ts';

/** The parameters of a URL that a connection follows. */
const FOLLOWED = new Set([
  ...['host', 'port', 'user', 'password', 'options'],
  ...['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'uselibpqcompat'],
]);

/**
 * Those of which some values are: seconds that a timer of Node holds, and what changes nothing here, because sessions have names
 * of their own, and the driver speaks UTF-8 and has no GSSAPI.
 */
const VALUES: Readonly<Record<string, RegExp>> = {
  connect_timeout: /^[1-9]\d{0,5}$/,
  application_name: /^/,
  fallback_application_name: /^/,
  client_encoding: /^(auto|utf-?8)$/i,
  gssencmode: /^(disable|prefer)$/,
  channel_binding: /^(disable|prefer)$/,
  target_session_attrs: /^any$/,
  load_balance_hosts: /^disable$/,
};

const HELP: Readonly<Record<string, string>> = {
  service: 'Write host, port and database into the URL, as they stand in the service file.',
  schema: 'A schema is chosen by database.schema in the configuration, or PINNACLE_SCHEMA.',
  search_path: 'A schema is chosen by database.schema in the configuration, or PINNACLE_SCHEMA.',
  target_session_attrs: 'Name the host of the primary; name replicas in the setting replicas.',
  connect_timeout: 'It is a number of seconds, such as 10.',
  passfile: 'Set PGPASSFILE instead.',
  hostaddr: 'Name the address as the host.',
};

/**
 * Refuses what a URL asks for and a connection would not follow: several hosts, a service, unknown parameters, whatever is
 * after a #. Throws CONFIG_INVALID (exit 78). `env` are the variables of the process.
 */
export function refuseUnfollowed(url: string, env: Readonly<Record<string, string | undefined>>): void {
  const [, authority = '', rest = ''] = /^[a-z+]+:\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
  refuseUnencoded(rest);
  const parameters = new URLSearchParams(rest.replace(/^[^?]*/, ''));
  const host = parameters.get('host') ?? authority.replace(/^.*@/, '');
  if (host.includes(','))
    throw invalid(
      'The URL of the database names several hosts, of which only one can be used.',
      'Name the host of the primary; name replicas in the setting replicas.',
    );
  if (url.includes('#'))
    throw invalid('The URL of the database has a #, after which nothing would count.', 'Write %23 for it.');
  for (const [name, value] of parameters) {
    if (FOLLOWED.has(name) || VALUES[name]?.test(value)) continue;
    throw invalid(
      `The URL of the database has a parameter that is not followed: ${name}.`,
      HELP[name] ?? 'Remove it; settings of the server are given as ?options=-c%20name%3Dvalue.',
    );
  }
  // As libpq does, a service would fill in what the URL leaves open.
  if (env['PGSERVICE'] && host === '')
    throw invalid(
      'PGSERVICE is set, and service files are not read.',
      'Write host, port and database into the URL, or unset PGSERVICE.',
    );
}

/**
 * Refuses a user or password with a / or ? of its own, which would end up in the name of the database or of a parameter, and be
 * shown. Throws CONFIG_INVALID (exit 78).
 */
function refuseUnencoded(afterAuthority: string): void {
  if (!/^[^=]*@/.test(afterAuthority)) return;
  throw invalid(
    'The URL of the database has an @ after a / or ?, so that its password would be taken for something else.',
    'Write %2F for /, %3F for ? and %40 for @ in a user or a password, or keep it out of the URL: pinnacle config init',
  );
}

function invalid(message: string, hint: string): Failure {
  return new Failure('config', 'CONFIG_INVALID', message, { hint });
}
