import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { countUse } from '../keyring/usage.ts';
import { lastPhase, readHistory } from '../migrations/history.ts';
import type { Dump, Header } from './archive.ts';

/** Works on a dump of the configured database, all of it of one snapshot, which ends with the work. */
export async function withDump<T>(ctx: Context, work: (dump: Dump) => Promise<T>): Promise<T> {
  const connection = await ctx.migrationConnection();
  const trx = await connection.kysely
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute();
  try {
    // While the dump is read elsewhere this session waits, and its snapshot must stay.
    if (connection.kind === 'server')
      await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
    const header = await readFacts(ctx, connection, trx);
    const { dumpServer, dumpEmbedded } = {
      ...(await import('./server-dump.ts')),
      ...(await import('./embedded-dump.ts')),
    };
    return await work({
      header,
      ...(await (connection.kind === 'server' ? dumpServer : dumpEmbedded)(ctx, trx, header)),
    });
  } finally {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
  }
}

/** What the first line of an archive says, as of the snapshot of the transaction. */
async function readFacts(
  ctx: Context,
  { kind }: Connection,
  trx: Kysely<Database>,
): Promise<Omit<Header, 'encryption'>> {
  const { rows } = await sql<
    Record<'database' | 'server' | 'cluster' | 'next_txid', string> & { known: boolean }
  >`
    SELECT current_database() AS database, current_setting('server_version') AS server,
      (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
      pg_snapshot_xmax(pg_current_snapshot())::text AS next_txid,
      to_regclass('pinnacle_migrations') IS NOT NULL AND to_regclass('users') IS NOT NULL AS known`.execute(
    trx,
  );
  const { known, ...facts } = rows[0] ?? { known: false };
  if (!known)
    throw refused(
      'PHASE_NEEDED',
      'Nothing is rolled out in this database, so there is nothing to back up.',
      'Run: pinnacle migrate up',
    );
  const record = await readHistory(trx);
  return {
    pinnacle_backup: 1,
    created_at: instant(ctx.now()),
    ...(facts as Record<'database' | 'server' | 'cluster' | 'next_txid', string>),
    kind,
    pinnacle: __VERSION__,
    phase: lastPhase(record),
    scripts: record.map(({ phase, step, name, up_sha256, down_sha256 }) => ({
      phase,
      step,
      name,
      up_sha256,
      down_sha256,
    })),
    key_ids: (await countUse(trx)).flatMap(({ key_id }) => key_id ?? []),
  };
}

/** A new salt, in hex. */
export const newSalt = () => randomBytes(32).toString('hex');
