import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import { hasStep, needStep, OTHER_WRITERS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { readTypes } from '../migrations/name-types.ts';
import { readSchemaSettings } from './settings.ts';
import { countOffenders, readRules } from './state.ts';

/** What the schema is set to, rule by rule, and how many rows break each. Throws PHASE_NEEDED (exit 5). */
export async function showSchema(ctx: Context) {
  const source = await ctx.source();
  needStep(source, 1);
  const { mode, record, hold } = await readSchemaSettings(source.db);
  const [rules, offenders] = [await readRules(source.db), await countOffenders(source.db)];
  const counts = new Map(offenders.map(({ rule, rows }) => [rule.name, rows]));
  const setting = (rule: string, state: string, refuses: string) => ({ rule, state, refuses, rows: null });
  return [
    setting('mode', mode, 'strict: what the rules below refuse; shared: only what the tables must not have'),
    ...rules.map(({ rule, state }) => ({
      rule: rule.name,
      state,
      refuses: rule.refuses,
      rows: counts.get(rule.name) ?? null,
    })),
    ...(hasStep(source, OTHER_WRITERS_SINCE_STEP)
      ? [
          setting(
            'record-writes',
            record ? 'on' : 'off',
            'nothing: what other programs write is listed by audit foreign',
          ),
          setting(
            'hold-entries',
            hold ? 'on' : 'off',
            'entries of other programs while trading is halted or the user is disabled',
          ),
        ]
      : []),
    setting('type-names', await namesOf(source.db), 'nothing: names of the enum types, see schema compat'),
  ];
}

/** What `schema compat` made of the types. */
async function namesOf(db: Kysely<Database>): Promise<string> {
  const types = await readTypes(db);
  const renamed = types.some(({ type, name }) => name !== type) ? 'renamed' : 'own';
  return types.some(({ aids }) => aids > 0) ? `${renamed}, take text` : renamed;
}
