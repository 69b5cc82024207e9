import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { childEnvironment } from '../../platform/config/child-environment.ts';
import { libpqEnvironment } from '../../platform/postgres/libpq.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Dump, Header } from './archive.ts';
import { findPgDump, runPgDump } from './pg-dump.ts';
import { counted, type Rows, rowCounter, shortfalls } from './row-counts.ts';

/** A server's dump by pg_dump, of the snapshot that the transaction has; its rows are counted on both ways. */
export async function dumpServer(
  ctx: Context,
  trx: Kysely<Database>,
  { server, database }: Pick<Header, 'server' | 'database'>,
): Promise<Pick<Dump, 'text' | 'rows'>> {
  const access = await ctx.server();
  if (!access) throw new Error('there is no server');
  const program = await findPgDump(Number.parseInt(server, 10), ctx.configSource.env);
  const { rows: snapshots } = await sql<{ id: string }>`SELECT pg_export_snapshot() AS id`.execute(trx);
  const args = [
    ...['--format=plain', '--encoding=UTF8', '--no-password', `--snapshot=${snapshots[0]?.id}`],
    // They cannot be made elsewhere without rights or places of that server's.
    ...['--no-tablespaces', '--no-publications', '--no-subscriptions', '--no-security-labels'],
    `--lock-wait-timeout=${(await ctx.config()).timeoutMs}`,
  ];
  const env = {
    ...childEnvironment(ctx.configSource.env),
    ...followed(ctx.configSource.env),
    ...libpqEnvironment(access.url, access.insecureTls, program.major),
    PGDATABASE: database,
    PGAPPNAME: 'pinnacle/backup create',
  };
  const counter = rowCounter();
  let expected: Promise<Rows> | undefined;
  let failure: unknown;
  async function* text() {
    // Beside the dump: one session reads what another counts.
    expected = countTables(trx);
    expected.catch((error) => {
      failure = error;
    });
    try {
      yield* counted(runPgDump(program, args, env, ctx), counter);
    } catch (error) {
      // A count that failed has ended the snapshot, too.
      throw failure ?? error;
    }
  }
  return {
    text: text(),
    async rows() {
      const [missing] = shortfalls((await expected) ?? {}, counter.rows);
      if (missing) throw new Error(`pg_dump left something out: ${missing.detail}`);
      return counter.rows;
    },
  };
}

/** The variables of PostgreSQL that our own connections follow, too. */
const followed = ({ PGPASSFILE, PGOPTIONS }: Context['configSource']['env']) => ({
  ...(PGPASSFILE && { PGPASSFILE }),
  ...(PGOPTIONS && { PGOPTIONS }),
});

/** The rows of every table of the database, by the name that pg_dump has for it. */
async function countTables(trx: Kysely<Database>): Promise<Rows> {
  const { rows: tables } = await sql<{ name: string; schema: string; table: string }>`
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, n.nspname AS schema, c.relname AS table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.oid`.execute(trx);
  const rows: Record<string, number> = {};
  for (const { name, schema, table } of tables) {
    const { rows: found } = await sql<{
      n: string;
    }>`SELECT count(*) AS n FROM ${sql.id(schema, table)}`.execute(trx);
    rows[name] = Number(found[0]?.n);
  }
  return rows;
}
