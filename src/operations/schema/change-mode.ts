import { sql } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { PATIENT_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import { needStep, OTHER_WRITERS_SINCE_STEP, readSchema } from '../../platform/postgres/schema-phase.ts';
import { Failure, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { inTransaction, type Session, withSession } from '../migrations/rollout-session.ts';
import { makeIndex, type SchemaSettings, type StrictRule, switchRule, switchTriggers } from './rules.ts';
import { readSchemaSettings, writeSchemaSettings } from './settings.ts';
import { countOffenders, readRules } from './state.ts';

/** A statement that was run, or would be, and what it is for. */
export interface SchemaChange extends Record<string, unknown> {
  object: string;
  change: string;
  sql: string;
}

/** The triggers for other writers, as an operator switches them. */
interface TriggerSwitches {
  recordWrites?: 'on' | 'off' | undefined;
  holdEntries?: 'on' | 'off' | undefined;
}

const LOCK_WAIT_MS = 10_000;

/**
 * Sets or lifts the rules beyond the document, and the triggers for other writers, while others write: indexes are built
 * aside, and locks are held for moments. An interrupted change goes on when it is repeated. Throws SCHEMA_VIOLATED (exit 5)
 * where rows break a rule that is to be set, and NOT_PERMITTED (exit 12).
 */
export async function changeMode(
  ctx: Context,
  mode: SchemaSettings['mode'],
  // Where the rules are kept, nobody is to trade past a halt.
  { recordWrites = 'on', holdEntries = mode === 'strict' ? 'on' : 'off' }: TriggerSwitches,
): Promise<SchemaChange[]> {
  const wanted = { mode, record: recordWrites === 'on', hold: holdEntries === 'on' };
  return withSession(ctx, LOCK_WAIT_MS, async (session) => {
    needStep(await readSchema(session.db), OTHER_WRITERS_SINCE_STEP);
    await refuseOthers(session);
    return applySettings(ctx, session, wanted);
  });
}

/** Also where nothing would change: who may not change the schema is told so at once. */
async function refuseOthers({ db }: Session): Promise<void> {
  const { rows } = await sql<{ owns: boolean }>`
    SELECT pg_has_role(relowner, 'USAGE') AS owns FROM pg_class WHERE oid = 'positions'::regclass`.execute(
    db,
  );
  if (rows[0]?.owns) return;
  throw new Failure('forbidden', 'NOT_PERMITTED', 'This login does not own the tables.', {
    hint: 'Run it as the owner of the tables or as a member of pinnacle_owner. PINNACLE_MIGRATE_URL can name that login.',
  });
}

/** The same within a rollout session. */
export async function applySettings(
  ctx: Context,
  session: Session,
  wanted: Partial<SchemaSettings>,
): Promise<SchemaChange[]> {
  const before = await readSchemaSettings(session.db);
  const settings = { ...before, ...wanted };
  if (settings.mode === 'strict') await refuseOffenders(session);
  const done: SchemaChange[] = [];
  for (const { rule, state } of await readRules(session.db)) {
    const isDone = state === (settings.mode === 'strict' ? 'set' : 'lifted');
    if (!isDone) done.push(...(await changeRule(ctx, session, rule, settings.mode, state === 'partly')));
  }
  const isSame = before.record === settings.record && before.hold === settings.hold;
  const switches = isSame ? [] : switchTriggers(settings);
  if (done.length === 0 && switches.length === 0 && before.mode === settings.mode) {
    await ctx.io.say(`Nothing to do: the schema is ${describe(settings)}.`);
    return [];
  }
  await underLocks(ctx, session, async () => {
    for (const statement of switches) await execute(session.db, statement);
    const body = await writeSchemaSettings(session.db, settings);
    await writeAudit(session.db, ctx.origin, { target: 'settings', body });
  });
  await ctx.io.say(`The schema is ${describe(settings)}.`);
  return [...done, ...switches.map((sql) => report('triggers for other writers', sql))];
}

const describe = ({ mode, record, hold }: SchemaSettings) =>
  `${mode}; what other programs write is ${record ? '' : 'not '}recorded, and their entries are ${hold ? 'refused' : 'not refused'} while trading is halted`;

const report = (object: string, sql: string): SchemaChange => ({
  object,
  change: /^\w+(?: \w+)?/.exec(sql)?.[0]?.toLowerCase() ?? '',
  sql,
});

const underLocks = (ctx: Context, session: Session, work: () => Promise<void>) =>
  retryUnderLocks(PATIENT_LOCKS, ctx.signal, () => inTransaction(ctx, session, work));

async function changeRule(
  ctx: Context,
  session: Session,
  rule: StrictRule,
  mode: SchemaSettings['mode'],
  partly: boolean,
): Promise<SchemaChange[]> {
  const { db, connection } = session;
  const run = (statements: readonly string[]) =>
    underLocks(ctx, session, async () => {
      for (const statement of statements) await execute(db, statement);
    });
  const reports = (statements: readonly string[]) => statements.map((sql) => report(rule.name, sql));
  if (rule.kind === 'unique') {
    const { drop, make, replace } = makeIndex(rule, mode, { concurrently: connection.kind === 'server' });
    if (!ctx.dryRun) {
      // Neither can be built within a transaction while others write.
      await execute(db, drop);
      await execute(db, make);
      await run(replace);
    }
    return reports([make, ...replace]);
  }
  const change = partly && mode === 'strict' ? [] : switchRule(rule, mode);
  // Reading the table under the lock that adds the check would hold up its writers.
  const validate =
    rule.kind === 'check' && mode === 'strict'
      ? [`ALTER TABLE ${rule.table} VALIDATE CONSTRAINT ${rule.name}`]
      : [];
  if (change.length > 0) await run(change);
  if (validate.length > 0 && !ctx.dryRun) await run(validate);
  return reports([...change, ...validate]);
}

async function refuseOffenders({ db }: Session): Promise<void> {
  const broken = (await countOffenders(db)).filter(({ rows }) => rows > 0);
  if (broken.length === 0) return;
  const list = broken.map(
    ({ rule, rows, example }) => `${pluralize(rows, 'row')} of ${rule.name}, such as ${example}`,
  );
  throw refused(
    'SCHEMA_VIOLATED',
    `Rows that are there break rules of the strict mode: ${list.join('; ')}.`,
    'Nothing changed. See what each rule refuses: pinnacle schema show. Positions and sessions of other programs are put right by: pinnacle ledger adopt --all',
  );
}
