import { Failure } from '../../util/failure.ts';

/** The message of an error for a server that wants a password, where none is configured. */
export const NO_PASSWORD = 'no password was given';

/** What pg throws: an answer of the server has a SQLSTATE, a broken connection an errno or nothing. */
export interface DatabaseFailure {
  code?: string;
  message: string;
  severity?: string;
  constraint?: string;
  table?: string;
  column?: string;
  /** The function of the server that failed: the same in every language. */
  routine?: string;
}

const RETRYABLE = new Set(['40001', '40P01']);
const UNDEFINED = new Set(['42P01', '42703', '42704', '42883']);
const UNREACHABLE = /^(EAGAIN|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT$|EACCES$)/;
// pg gives these errors no code.
const BROKEN =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|timeout expired/;
const TLS = /^ERR_(TLS|SSL)_|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|^CERT_/;
const NO_TLS = /does not support SSL|establishing an SSL connection/;

/** True for a deadlock or a serialization failure: the whole transaction may be run again. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error));
}

/** True when the connection to the server broke or was never made. */
export function isDisconnect(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(08|57P0[123])/.test(code)) return true;
  // The same codes mean something else where a path of the file system is the cause.
  if (isSqlState(code) || (error as NodeJS.ErrnoException | undefined)?.path !== undefined) return false;
  return UNREACHABLE.test(code) || BROKEN.test(messageOf(error));
}

/** True when the database lacks a table, column, type or function of the statement. */
export function isUndefinedObject(error: unknown): boolean {
  return UNDEFINED.has(codeOf(error));
}

/** True when the role lacks a privilege. */
export function isPermissionDenied(error: unknown): boolean {
  return codeOf(error) === '42501';
}

/** True where the disk of the database is full. */
export function isDiskFull(error: unknown): boolean {
  return codeOf(error) === '53100';
}

/** True where a number does not fit its column. */
export function isOutOfRange(error: unknown): boolean {
  return codeOf(error) === '22003';
}

/** True for an error of PostgreSQL or of the connection to it. */
export function isDatabaseFailure(error: unknown): error is DatabaseFailure {
  return (
    isSqlState(codeOf(error)) ||
    isDisconnect(error) ||
    (error instanceof Error &&
      (TLS.test(codeOf(error)) ||
        /^SASL|password must be a string/.test(error.message) ||
        error.message === NO_PASSWORD ||
        NO_TLS.test(error.message)))
  );
}

const isSqlState = (code: string) => /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
const codeOf = (error: unknown) => String((error as DatabaseFailure | undefined)?.code ?? '');
const messageOf = (error: unknown) => String((error as DatabaseFailure | undefined)?.message ?? '');

/**
 * Explains an error of PostgreSQL. Passes on only the SQLSTATE and names of the schema: `detail` and `where` contain values
 * of rows. `roles` are those that are permitted to do what was tried.
 */
export function translateFailure(
  error: DatabaseFailure,
  target: string,
  roles: readonly string[] = [],
): Failure {
  const code = codeOf(error);
  if (/statement pooling/.test(messageOf(error)))
    return new Failure(
      'config',
      'POOLED_URL',
      `${target} is reached through a pooler that allows no transactions.`,
      {
        hint: 'Set pool_mode = transaction for this database in PgBouncer, or name a direct URL.',
      },
    );
  if (isDisconnect(error) || code === '53300')
    return new Failure(
      'unreachable',
      'DATABASE_UNREACHABLE',
      `The database ${target} cannot be reached${why(error)}.`,
      {
        hint: 'Nothing was changed. Try again once the server is up. Where its URL comes from: pinnacle config show --origin',
        retryable: true,
      },
    );
  if (messageOf(error) === NO_PASSWORD)
    return new Failure(
      'forbidden',
      'LOGIN_REFUSED',
      `The database ${target} requires a password, but ${NO_PASSWORD}.`,
      {
        hint: 'Put it into ~/.pgpass, or into the configuration as database: { "$file": … } with a URL that has one.',
      },
    );
  if (code.startsWith('28') || /SASL|password must be a string/.test(messageOf(error)))
    return new Failure('forbidden', 'LOGIN_REFUSED', `The database ${target} refused the login.`, {
      hint: `Check user and password; a password can be kept out of the URL with { "$file": … } in the configuration.${code === '28000' ? ' If pg_hba.conf demands TLS, add ?sslmode=verify-full.' : ''} Where the URL comes from: pinnacle config show --origin`,
    });
  if (!isSqlState(code))
    return new Failure(
      'unreachable',
      'TLS_REFUSED',
      `No trusted TLS connection to ${target}: ${tlsFailure(error)}.`,
      {
        hint: 'Name the CA with sslrootcert=FILE in the URL. Away from this machine TLS is verified in full, unless --insecure-tls accepts the risk.',
      },
    );
  return byState(code, error, target, roles);
}

function byState(code: string, error: DatabaseFailure, target: string, roles: readonly string[]): Failure {
  const at = [error.table && `table ${error.table}`, error.column && `column ${error.column}`]
    .concat(error.constraint ? `constraint ${error.constraint}` : [])
    .filter(Boolean)
    .join(', ');
  const state = `${at ? `${at}; ` : ''}SQLSTATE ${code}`;
  if (code === '3D000')
    return new Failure('config', 'DATABASE_MISSING', `There is no such database: ${target}.`, {
      hint: 'To make it, or to name another one: pinnacle config init. Where its URL comes from: pinnacle config show --origin',
    });
  if (isPermissionDenied(error))
    return new Failure(
      'forbidden',
      'NOT_PERMITTED',
      `The database role is not permitted to do this (${state}).`,
      roles.length > 0 ? { hint: `Permitted to: ${roles.join(', ')}. See: pinnacle access show` } : {},
    );
  if (code === '57014' || code === '55P03' || RETRYABLE.has(code))
    return new Failure(
      'busy',
      'DATABASE_BUSY',
      `The database is busy: the statement was not run in time (SQLSTATE ${code}).`,
      {
        hint: 'Nothing was changed. Try again, or wait longer with --timeout.',
        retryable: true,
      },
    );
  if (code.startsWith('53') || code.startsWith('58')) return exhausted(error, target);
  if (code.startsWith('22'))
    return new Failure('usage', 'VALUE_REFUSED', `The database refused a value (${state}).`);
  if (code.startsWith('23'))
    return new Failure('refused', 'CONSTRAINT', `A constraint of the database refused this (${state}).`);
  if (code === '25006')
    return new Failure(
      'refused',
      'READ_ONLY',
      `The database ${target} takes no writes: it is a replica, or default_transaction_read_only is set.`,
      {
        hint: 'See: SHOW default_transaction_read_only. If a write is meant to pass, add ?options=-c%20default_transaction_read_only%3Doff to the URL.',
      },
    );
  return new Failure('failure', 'DATABASE_ERROR', `The database reported an error (${state}).`);
}

function exhausted(error: DatabaseFailure, target: string): Failure {
  const [message, hint] = isDiskFull(error)
    ? [`The disk of the server ${target} is full`, 'Free some space there, then try again.']
    : ['The server is out of memory or connections, or its system failed', 'See the log of the server.'];
  return new Failure('unreachable', 'DATABASE_EXHAUSTED', `${message} (SQLSTATE ${codeOf(error)}).`, {
    hint: `Nothing was changed. ${hint}`,
    retryable: true,
  });
}

/** Why TLS failed, without any text of the certificate, which anybody may have written. */
function tlsFailure(error: DatabaseFailure): string {
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (/SELF_SIGNED|UNABLE_TO|^CERT_/.test(code)) return 'its certificate is not from a trusted authority';
  if (NO_TLS.test(messageOf(error))) return 'the server does not offer it';
  return 'the handshake failed';
}

function why(error: DatabaseFailure): string {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') return ': nothing listens there';
  if (code === 'ENOENT') return ': there is no such socket';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return ': its name is not known';
  if (/timeout/.test(messageOf(error))) return ': no answer in time';
  if (code === '53300') return ': it has no connection to spare';
  return '';
}

/** True when a row violated this constraint, or one whose name matches. */
export function violatedConstraint(error: unknown, constraint: string | RegExp): boolean {
  const name = (error as DatabaseFailure).constraint ?? '';
  return (
    codeOf(error).startsWith('23') &&
    (constraint instanceof RegExp ? constraint.test(name) : name === constraint)
  );
}
