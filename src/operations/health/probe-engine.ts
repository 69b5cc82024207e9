import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { isDatabaseFailure, isDisconnect, isPermissionDenied } from '../../platform/postgres/errors.ts';
import { versionVerdict } from '../../platform/postgres/server-version.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';

/** What a server can be that speaks the protocol of PostgreSQL but is another program. */
const OTHER_ENGINES =
  /CockroachDB|Yugabyte|-YB-|Greenplum|Redshift|openGauss|CrateDB|Materialize|RisingWave|QuestDB/i;

interface Property {
  property: string;
  /** What relies on it. */
  usedFor: string;
  probe: (connection: Connection) => Promise<Verdict>;
}

/** What this program relies on and another engine may lack. Every probe leaves nothing behind. */
const PROPERTIES: readonly Property[] = [
  { property: 'version', usedFor: 'everything', probe: ({ kysely }) => probeVersion(kysely) },
  {
    property: 'advisory locks',
    usedFor: 'one rollout, one job and one seal at a time',
    probe: probeAdvisoryLocks,
  },
  {
    property: 'transaction ids',
    usedFor: 'the outcome of a COMMIT whose answer is lost',
    probe: ({ kysely }) => probeTransactionIds(kysely),
  },
  {
    property: 'snapshots',
    usedFor: 'the order of the audit log, and backups as of one moment',
    probe: ({ kysely }) => probeSnapshots(kysely),
  },
  {
    property: 'system identifier',
    usedFor: 'telling a replica or a restored copy from its primary',
    probe: ({ kysely }) => probeSystemIdentifier(kysely),
  },
  {
    property: 'BRIN',
    usedFor: 'the index of orders that changed lately',
    probe: ({ kysely }) => probeBrin(kysely),
  },
];

/** Probes every property that is relied on: one row each, a property that cannot be probed fails. */
export async function probeEngine(ctx: Context) {
  const connection = await ctx.migrationConnection();
  const rows = [];
  for (const { property, usedFor, probe } of PROPERTIES) {
    const { state, detail } = await probe(connection).catch(explainProbe);
    rows.push({ property, state, detail, used_for: usedFor });
  }
  return rows;
}

/** A statement that the server refuses is an answer; a connection that breaks is none, and is thrown. */
function explainProbe(error: unknown): Verdict {
  if (!isDatabaseFailure(error) || isDisconnect(error)) throw error;
  if (isPermissionDenied(error)) return warn('this login may not read it');
  return fail(`the server refuses the statement (${error.code})`);
}

async function probeVersion(db: Kysely<Database>): Promise<Verdict> {
  const { version, number } = await readOne(
    db,
    sql<{ version: string; number: number }>`
      SELECT version() AS version, current_setting('server_version_num')::integer AS number`,
  );
  const other = OTHER_ENGINES.exec(version)?.[0];
  if (other !== undefined) return fail(`not PostgreSQL but ${other}`);
  const major = Math.floor(number / 10_000);
  return versionVerdict(major, `PostgreSQL ${major}`);
}

/** 'pinprobe' in ASCII. */
const PROBE_LOCK = 0x70696e70726f6265n.toString();

async function probeAdvisoryLocks({ kind, kysely }: Connection): Promise<Verdict> {
  if (kind === 'embedded') return ok('one process at a time, by a lock file');
  return kysely.transaction().execute(async (holder) => {
    if (!(await tryLock(holder))) return warn('another session holds the lock of this probe: run it again');
    const isTakenTwice = await kysely.transaction().execute(tryLock);
    return isTakenTwice ? fail('two sessions were given the same lock at once') : ok('one session at a time');
  });
}

async function tryLock(trx: Kysely<Database>): Promise<boolean> {
  const { got } = await readOne(
    trx,
    sql<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${PROBE_LOCK}::bigint) AS got`,
  );
  return got;
}

async function probeTransactionIds(db: Kysely<Database>): Promise<Verdict> {
  const own = sql<{ id: string }>`SELECT pg_current_xact_id()::text AS id`;
  const { id } = await db.transaction().execute((trx) => readOne(trx, own));
  const { status } = await readOne(
    db,
    sql<{ status: string | null }>`SELECT pg_xact_status(${id}::xid8) AS status`,
  );
  return status === 'committed'
    ? ok('the outcome of a transaction can be asked for')
    : fail(`a committed transaction is reported as ${status ?? 'unknown'}`);
}

/** An open transaction must hold back the horizon that others see: only below it are audit entries sealed. */
async function probeSnapshots(db: Kysely<Database>): Promise<Verdict> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const { holds } = await readOne(
        trx,
        sql<{ holds: boolean }>`
          SELECT pg_snapshot_xmin(pg_current_snapshot()) <= pg_current_xact_id() AS holds`,
      );
      if (!holds) return fail('an open transaction is not below the horizon of its snapshot');
      await sql`SELECT pg_export_snapshot()`.execute(trx);
      return ok('horizons and exported snapshots');
    });
}

async function probeSystemIdentifier(db: Kysely<Database>): Promise<Verdict> {
  await readOne(db, sql<{ id: string }>`SELECT system_identifier::text AS id FROM pg_control_system()`);
  return ok('known');
}

async function probeBrin(db: Kysely<Database>): Promise<Verdict> {
  const { found } = await readOne(
    db,
    sql<{ found: boolean }>`SELECT EXISTS (SELECT FROM pg_am WHERE amname = 'brin') AS found`,
  );
  return found ? ok('there') : fail('there is no access method brin');
}

async function readOne<Row>(db: Kysely<Database>, query: RawBuilder<Row>): Promise<Row> {
  const { rows } = await query.execute(db);
  const [row] = rows;
  if (!row) throw new Error('a statement without FROM returns one row');
  return row;
}
