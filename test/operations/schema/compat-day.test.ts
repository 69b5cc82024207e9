import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, remember } from '../../helpers/day.ts';
import { startRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const DAY = dayOf(await everyCommand());
/** What may be found is not what the names of types decide; these find nothing. */
const CLEAN = ['migrate verify', 'migrate drift', 'partition check', 'backup verify', 'audit verify'];
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-compat-day-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(servers)('a whole day of ours with the types named for others, on $name', ({ open }) => {
  const server = ownServer();

  it('every command works', async () => {
    const db = await open(4, server());
    const redis = await startRedis();
    try {
      await playDay(db, redis.url);
    } finally {
      await redis.stop();
      await db.close();
    }
  });
});

async function playDay(db: TestDatabase, redisUrl: string): Promise<void> {
  const ring = join(folder, 'keyring.json');
  const known: Record<string, string> = { secret: 'a broker secret' };
  const env = { ...db.env, REDIS_URL: redisUrl, PINNACLE_KEYRING_FILE: ring, PINNACLE_BACKUP_DIR: folder };
  const run = async (argv: readonly string[], path: string, stdin = '') => {
    const { code, stdout, stderr } = await cli(argv, { env, cwd: folder, stdin });
    const found = code === 6 && !CLEAN.includes(path);
    expect({ argv, code, said: code ? stderr : '' }).toEqual({
      argv,
      code: found ? 6 : 0,
      said: found ? stderr : '',
    });
    remember(stdout, known);
  };
  // Text is taken, too: what could be read in two ways then, could not be with the names alone.
  await run(['schema', 'compat', '--text'], 'schema compat');
  for (const line of DAY) {
    if ('sql' in line) await db.query(line.sql);
    else {
      // The rollout forgets the names with the table of settings.
      if (line.path === 'migrate redo') expect(await namesOf(db)).toEqual(['order_side', 'orderside']);
      const stdin = line.stdin && (await fillIn(line.stdin, db, ring, known));
      await run(words(await fillIn(line.text, db, ring, known)), line.path, stdin);
      if (line.path === 'backup restore') expect(await namesOf(db)).toEqual(['order_side', 'orderside']);
    }
  }
}

const namesOf = async (db: TestDatabase) =>
  (
    await db.query(
      "SELECT typname FROM pg_type WHERE typname IN ('order_side', 'orderside') ORDER BY typname",
    )
  ).rows.map(({ typname }) => typname);
