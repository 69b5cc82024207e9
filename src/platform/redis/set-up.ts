import type { Redis } from 'ioredis';
import { Failure } from '../../util/failure.ts';
import { errorCodeOf, redisFailure } from './errors.ts';
import type { RedisUrl } from './settings.ts';

/** A server without a password accepts every login: an unneeded password does no harm. */
const NEEDS_NO_PASSWORD = /without any password configured|no password is set/;

interface Step {
  command: [name: string, ...args: (string | number)[]];
  /** The failure that an error of it means; undefined where it does not matter. */
  explain: (error: Error) => unknown;
}

/**
 * Logs in, selects the database and names the connection, before the first command. ioredis would carry on in
 * database 0 where SELECT fails, and print a warning where AUTH does. Throws what failed first.
 */
export async function setUp(
  client: Redis,
  { db, login: { username, password } }: RedisUrl,
  name: string,
  where: string,
): Promise<void> {
  const steps: Step[] = [];
  const login = [...(username === undefined ? [] : [username]), password ?? ''];
  if (username !== undefined || password !== undefined)
    steps.push({
      command: ['auth', ...login],
      explain: (error) => (NEEDS_NO_PASSWORD.test(error.message) ? undefined : error),
    });
  if (db !== 0) steps.push({ command: ['select', db], explain: (error) => selectFailure(error, db, where) });
  steps.push({
    command: ['client', 'SETNAME', name],
    // The name is for whoever reads CLIENT LIST: a user without the right to set it may still work.
    explain: (error) => (errorCodeOf(error) === 'NOPERM' ? undefined : error),
  });
  // One write, in this order: the first that fails explains those after it.
  const replies = (await client.pipeline(steps.map(({ command }) => command)).exec()) ?? [];
  for (const [i, [error]] of replies.entries()) {
    const failure = error && steps[i]?.explain(error);
    if (failure) throw redisFailure(failure, where);
  }
}

function selectFailure(error: Error, db: number, where: string): unknown {
  const code = errorCodeOf(error);
  if (code === 'NOPERM')
    return new Failure(
      'forbidden',
      'REDIS_NOT_PERMITTED',
      `The user of Redis ${where} may not select database ${db}.`,
      { hint: 'Grant the user +select, or use database 0 in REDIS_URL (redis.url).' },
    );
  if (code !== 'ERR') return error;
  return new Failure('config', 'REDIS_NO_DATABASE', `Redis ${where} has no database ${db}.`, {
    hint: 'Correct the database in REDIS_URL (redis.url), or raise databases in redis.conf.',
  });
}
