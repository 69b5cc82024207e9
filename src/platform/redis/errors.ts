import { Failure } from '../../util/failure.ts';

/** What ioredis throws: an answer of the server begins with a word in capitals, a broken line has an errno or a sentence. */
interface RedisError {
  name?: string;
  message?: string;
  code?: string;
}

const BROKEN =
  /^(Connection is closed|Command timed out|Stream isn't writeable|All sentinels are unreachable|Failed to refresh slots cache|None of startup nodes|Cluster )/;
const NAMES = /^(ReplyError|AbortError|InterruptError|MaxRetriesPerRequestError|ClusterAllFailedError)$/;

/** True for an answer of Redis that refuses a command, or for a line to it that broke. */
export function isRedisFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return NAMES.test(error.name) || BROKEN.test(error.message);
}

/** True for a failure after which Redis cannot be used now, so that the projection must wait. */
export function isRedisUnavailable(failure: unknown): failure is Failure {
  return failure instanceof Failure && failure.code.startsWith('REDIS_');
}

/** The word that an answer of Redis begins with: `OOM`, `WRONGTYPE`, `NOAUTH`; empty for a broken line. */
export function errorCodeOf(error: unknown): string {
  const { name, message = '' } = error as RedisError;
  return name === 'ReplyError' ? (/^-?([A-Z]+)\b/.exec(message)?.[1] ?? '') : '';
}

/** A failure of Redis in the operator's words; what Redis itself says may hold values and is not passed on. */
export function redisFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure) return error;
  const word = errorCodeOf(error);
  if (word === 'WRONGPASS' || word === 'NOAUTH' || word === 'NOPERM' || isBadPassword(error))
    return new Failure(
      'forbidden',
      word === 'NOPERM' ? 'REDIS_NOT_PERMITTED' : 'REDIS_LOGIN_REFUSED',
      word === 'NOPERM'
        ? `The user of Redis ${where} is not permitted this.`
        : `Redis ${where} refused the login.`,
      { hint: 'Check the user and password of REDIS_URL (redis.url), and the ACL of that user.' },
    );
  if (isRefusal(word)) {
    const [state, hint] = REFUSALS[word];
    return new Failure('unreachable', `REDIS_${word}`, `Redis ${where} ${state}.`, { hint, retryable: true });
  }
  if (word === 'WRONGTYPE')
    return new Failure(
      'refused',
      'REDIS_WRONGTYPE',
      `Redis ${where} holds something else under one of our keys.`,
      {
        hint: 'See what: pinnacle doctor realtime. Put it right: pinnacle realtime rebuild',
      },
    );
  return new Failure('unreachable', 'REDIS_UNREACHABLE', `Redis ${where} cannot be reached${why(error)}.`, {
    hint: 'Check REDIS_URL (redis.url) and that Redis is up, then try again.',
    retryable: true,
  });
}

const REFUSALS = {
  OOM: ['is full', 'Give it more maxmemory, or let it evict: the book itself is in PostgreSQL.'],
  READONLY: [
    'is a replica and takes no writes',
    'Point REDIS_URL at the master, or name the sentinels in redis.sentinels.',
  ],
  LOADING: ['is still loading its data', 'Try again in a moment.'],
  MISCONF: ['cannot save to its disk and takes no writes', 'See the log of Redis.'],
  CLUSTERDOWN: ['is a cluster that is down', 'See: redis-cli cluster info'],
  MASTERDOWN: ['is a replica without its master', 'Point REDIS_URL at the master.'],
  BUSY: ['is busy with a script', 'Try again in a moment.'],
} as const;

const isRefusal = (word: string): word is keyof typeof REFUSALS => Object.hasOwn(REFUSALS, word);

const isBadPassword = (error: unknown) =>
  /WRONGPASS|invalid (username-password pair|password)|NOAUTH/.test((error as RedisError).message ?? '');

function why(error: unknown): string {
  const { code = '', message = '' } = error as RedisError;
  if (code === 'ECONNREFUSED') return ': nothing listens there';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return ': its name is not known';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return ': its certificate is for another host';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return ': its certificate is not to be trusted (see redis.ca)';
  if (/^ERR_(TLS|SSL)|^EPROTO$/.test(code)) return ': no trusted TLS connection';
  if (/sentinels/.test(message)) return ': no sentinel answers, or none knows the master (redis.master)';
  if (code === 'ETIMEDOUT' || /timed out/.test(message)) return ': no answer in time';
  return '';
}
