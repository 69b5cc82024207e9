import { type Kysely, sql } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { BRIEF_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused, usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { recordAdopted } from '../migrations/adopted-objects.ts';
import { type CatalogEntry, compareCatalogs, readCatalog } from '../migrations/catalog.ts';
import { expectedCatalog } from '../migrations/expected-catalog.ts';
import { pendingSteps, readHistory, recordStep } from '../migrations/history.ts';
import { useNaming } from '../migrations/name-types.ts';
import { inTransaction, withSession } from '../migrations/rollout-session.ts';
import { loadSteps, type Step } from '../migrations/scripts.ts';
import { writeNaming } from '../migrations/type-names.ts';
import { SHARED, statementsOf } from '../schema/rules.ts';
import { writeSchemaSettings } from '../schema/settings.ts';
import { DOCUMENT_TABLES } from './columns.ts';
import { explainAdoption } from './explain-adoption.ts';
import { type AdoptionOptions, type AdoptionPlan, planAdoption } from './plan-adoption.ts';
import type { PlanRow } from './plan-row.ts';
import { lockTables, runPlan } from './run-plan.ts';

/** What the schema must be: all steps, shared with others. */
async function target(ctx: Context) {
  const steps = await loadSteps();
  return { steps, expected: await expectedCatalog(ctx.cacheDir, steps, statementsOf(SHARED), undefined) };
}

/** What an adoption would do, one row per object. Reads only. */
export async function planOnly(ctx: Context, options: AdoptionOptions): Promise<PlanRow[]> {
  const { steps, expected } = await target(ctx);
  const db = await ctx.db();
  if (await isRolledOut(ctx, db, steps)) return [];
  return db
    .transaction()
    .setAccessMode('read only')
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await refuseNothing(trx, expected);
      await assertZone(trx, options.naiveZone);
      return (await planAdoption(trx, expected, options)).rows;
    });
}

/**
 * Takes over a database whose tables others made: converts them in place in one transaction, and returns what was not as it must
 * be. Throws NOTHING_TO_ADOPT, ADOPTION_REFUSED or ROWS_CHANGED (exit 5), after which nothing is changed. `lockWait` is in milliseconds.
 */
export async function adoptDatabase(
  ctx: Context,
  { lockWait, ...options }: AdoptionOptions & { lockWait: number },
): Promise<PlanRow[]> {
  const { steps, expected } = await target(ctx);
  return withSession(ctx, lockWait, async (session) => {
    const { db } = session;
    if (await isRolledOut(ctx, db, steps)) return [];
    await refuseNothing(db, expected);
    await assertZone(db, options.naiveZone);
    // Whatever is refused is found before any writer has to wait.
    const draft = await planAdoption(db, expected, options);
    refuseRefused(draft);
    const progress = await startProgress(ctx.io, 'adopting the database');
    const attempt = () =>
      inTransaction(ctx, session, async () => {
        await lockTables(
          db,
          draft.tables.map(({ table }) => table),
        );
        const plan = await planAdoption(db, expected, options);
        refuseRefused(plan);
        const prints = await runPlan(ctx, db, plan, { steps, expected }, (what) => progress.update(what));
        await record(ctx, db, steps, plan, { expected, prints });
        return plan.rows.filter(({ state }) => state !== 'fits');
      });
    try {
      const rows = await retryUnderLocks(BRIEF_LOCKS, ctx.signal, attempt, async (next) => {
        progress.update(`waiting for other sessions (attempt ${next} of ${BRIEF_LOCKS.maxAttempts})`);
      });
      await ctx.io.say(
        `${pluralize(draft.tables.length, 'table')} adopted, with every row. Next: pinnacle migrate drift, pinnacle doctor`,
      );
      return rows;
    } catch (error) {
      throw await explainAdoption(ctx, error);
    } finally {
      progress.stop();
    }
  });
}

/** Whether the database has a history of its own: then there is nothing to adopt, and it says what to do. */
async function isRolledOut(ctx: Context, db: Kysely<Database>, steps: readonly Step[]): Promise<boolean> {
  const history = await readHistory(db);
  if (history.length === 0) return false;
  const pending = pendingSteps(steps, history, Number.POSITIVE_INFINITY);
  await ctx.io.say(
    pending.length > 0
      ? `Nothing to adopt: the database is rolled out, but lacks ${pluralize(pending.length, 'step')}. Run: pinnacle migrate up`
      : 'Nothing to do: the database is rolled out or adopted already.',
  );
  return true;
}

async function refuseNothing(db: Kysely<Database>, expected: readonly CatalogEntry[]): Promise<void> {
  const actual = await readCatalog(db);
  const has = new Set(actual.filter(({ kind }) => kind === 'table').map(({ object }) => object));
  if (!DOCUMENT_TABLES.some((table) => has.has(table))) {
    const { rows } = await sql<{ schema: string; here: string }>`
      SELECT n.nspname::text AS schema, current_schema()::text AS here FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND c.relname = ANY(${[...DOCUMENT_TABLES]}::text[])
      GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1`.execute(db);
    throw refused(
      'NOTHING_TO_ADOPT',
      'The schema has none of the tables of the document.',
      rows[0]
        ? `The schema ${rows[0].schema} has some: set database.schema in the configuration. For an empty database run: pinnacle migrate up`
        : 'For an empty database run: pinnacle migrate up',
    );
  }
  if (has.has('audit_log') && compareCatalogs(expected, actual).length === 0)
    throw refused(
      'NOTHING_TO_ADOPT',
      'The database is what the scripts create; only its history is missing.',
      'Record it: pinnacle migrate baseline 4',
    );
}

async function assertZone(db: Kysely<Database>, zone: string | undefined): Promise<void> {
  if (zone === undefined) return;
  const { rows } = await sql`SELECT FROM pg_timezone_names WHERE name = ${zone}`.execute(db);
  if (rows.length === 0)
    throw usage(`--naive-zone: the server knows no time zone ${zone}.`, 'For example: Asia/Kolkata');
}

function refuseRefused({ rows }: AdoptionPlan): void {
  const refusals = rows.filter(({ state }) => state === 'refused');
  if (refusals.length === 0) return;
  const lines = refusals.slice(0, 10).map(({ object, detail, rows: count, example }) => {
    const which =
      count === null ? '' : ` (${pluralize(count, 'row')}${example === null ? '' : `, such as ${example}`})`;
    return `${object}: ${detail}${which}`;
  });
  if (refusals.length > 10) lines.push(`and ${refusals.length - 10} more`);
  throw refused(
    'ADOPTION_REFUSED',
    `The database cannot be adopted as it is:\n${lines.join('\n')}`,
    'Nothing was changed. See everything: pinnacle migrate adopt --plan',
  );
}

/** Records the history and the differences that stay, and writes the audit entry. */
async function record(
  ctx: Context,
  db: Kysely<Database>,
  steps: readonly Step[],
  plan: AdoptionPlan,
  { expected, prints }: { expected: readonly CatalogEntry[]; prints: Record<string, string> },
): Promise<void> {
  const differences = compareCatalogs(expected, await readCatalog(db));
  const wrong = differences.filter(
    (one) => one.expected !== null && !plan.differs.has(`${one.kind} ${one.object}`),
  );
  if (wrong.length > 0) {
    const lines = wrong
      .slice(0, 5)
      .map((one) => `${one.kind} ${one.object}: ${one.actual ?? 'missing'} instead of ${one.expected}`);
    throw refused(
      'ADOPTION_REFUSED',
      `The schema would not be what it must be:\n${lines.join('\n')}`,
      'Nothing was changed. See: pinnacle migrate adopt --plan',
    );
  }
  if (differences.length > 0) await recordAdopted(db, differences);
  for (const step of steps) await recordStep(db, step, ctx.now(), 0);
  await writeSchemaSettings(db, SHARED);
  if (plan.naming) await useNaming(db, plan.naming);
  if (plan.naming) await writeNaming(db, plan.naming);
  const objects = (state: PlanRow['state']) =>
    plan.rows.filter((row) => row.state === state).map(({ kind, object }) => `${kind} ${object}`);
  await writeAudit(db, ctx.origin, {
    target: 'schema',
    body: {
      adopted: {
        converted: objects('converted'),
        added: objects('added'),
        kept: objects('kept'),
        rows: prints,
      },
    },
  });
}
