import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { CatalogEntry } from '../migrations/catalog.ts';
import { type PlanRow, planRow } from './plan-row.ts';

type Kind = 'constraint' | 'index' | 'trigger';

/** A constraint, index or trigger that a table must have, and how it gets it. */
export interface Settled {
  row: PlanRow;
  /** Whether it is new, so that the rows must be asked whether they agree with it. */
  isNew: boolean;
  /** Whether theirs says more than ours and stays. */
  differs: boolean;
  /** What it says, as PostgreSQL prints it. */
  definition: string;
}

const isKind = (kind: string): kind is Kind => ['constraint', 'index', 'trigger'].includes(kind);

/**
 * How the constraints, indexes and triggers of a table become those that it must have: what has another name is renamed, what
 * is missing is created, what is of theirs stays. `released` are constraints that the conversion of the columns drops.
 */
export function reconcile(
  table: string,
  expected: readonly CatalogEntry[],
  actual: readonly CatalogEntry[],
  released: ReadonlySet<string>,
): Settled[] {
  // A constraint trigger is in the catalog twice.
  const isOne = (entry: CatalogEntry) =>
    isKind(entry.kind) && entry.owner === table && !entry.definition.startsWith('TRIGGER');
  const musts = expected.filter(isOne).sort((a, b) => rankOf(a) - rankOf(b));
  const free = new Set(
    actual.filter(
      (entry) => isOne(entry) && !(entry.kind === 'constraint' && released.has(nameOf(entry.object, table))),
    ),
  );
  const named = new Map(
    musts.flatMap((must) => {
      const same = [...free].find(({ kind, object }) => kind === must.kind && object === must.object);
      return same ? [[must, same] as const] : [];
    }),
  );
  for (const same of named.values()) free.delete(same);
  const settled = musts.map((must) => settle(table, must, named.get(must), free));
  return [...settled, ...[...free].map((entry) => entryOf(table, entry, 'kept', entry.definition, null))];
}

/** Settles one object; `free` are those of theirs that none of ours has taken yet. */
function settle(
  table: string,
  must: CatalogEntry,
  same: CatalogEntry | undefined,
  free: Set<CatalogEntry>,
): Settled {
  if (same && agrees(must, same, table)) {
    const note = noteOf(must, same, table);
    return { ...entryOf(table, must, 'fits', note, null), differs: note !== null };
  }
  const gone = same ? [removal(table, same)] : [];
  const other = [...free].find((entry) => entry.kind === must.kind && agrees(must, entry, table));
  if (other) {
    free.delete(other);
    const stays = noteOf(must, other, table);
    const note = [`theirs is called ${nameOf(other.object, table)}`, stays].filter(Boolean).join('; ');
    const sql = [...gone, renaming(table, must, other)].join('; ');
    return { ...entryOf(table, must, 'converted', note, sql), differs: stays !== null };
  }
  const index = same ? undefined : [...free].find((entry) => isIndexOf(must, entry, table));
  if (index) {
    free.delete(index);
    const note = `theirs is the index ${nameOf(index.object, table)}`;
    return entryOf(table, must, 'converted', note, adding(table, must, index));
  }
  const note = same ? `theirs of this name differs: ${same.definition}` : null;
  const sql = [...gone, creation(table, must)].join('; ');
  return { ...entryOf(table, must, same ? 'converted' : 'added', note, sql), isNew: true };
}

function entryOf(
  table: string,
  { kind, object, definition }: CatalogEntry,
  state: PlanRow['state'],
  detail: string | null,
  sql: string | null,
): Settled {
  return {
    row: planRow({ table, kind: kind as Kind, object, state, detail, sql }),
    isNew: false,
    differs: false,
    definition,
  };
}

/** Constraints come first, keys before the foreign keys that need them, and triggers last. */
const rankOf = ({ kind, definition }: CatalogEntry) =>
  ['PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN'].findIndex((word) => definition.startsWith(word)) +
  { constraint: 0, index: 10, trigger: 20 }[kind as Kind];

const nameOf = (object: string, table: string) => object.slice(table.length + 1);
const quoted = ({ object }: CatalogEntry, table: string) => quoteIdentifier(nameOf(object, table));

/** What an object says without its own name. A foreign key of theirs may also say what a deletion does. */
function agrees(must: CatalogEntry, is: CatalogEntry, table: string): boolean {
  const wanted = bodyOf(must, table);
  const found = bodyOf(is, table);
  return found === wanted || (wanted.startsWith('FOREIGN KEY') && found.startsWith(`${wanted} `));
}

function bodyOf(entry: CatalogEntry, table: string): string {
  const text = entry.definition.replace(/\s+/g, ' ').trim();
  if (entry.kind === 'constraint') return text;
  return text
    .replace(`INDEX ${nameForm(entry, table)} ON`, 'INDEX ON')
    .replace(`TRIGGER ${nameForm(entry, table)} `, 'TRIGGER ');
}

/** The name as PostgreSQL prints it. */
function nameForm(entry: CatalogEntry, table: string): string {
  const name = nameOf(entry.object, table);
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}

const noteOf = (must: CatalogEntry, is: CatalogEntry, table: string) =>
  bodyOf(must, table) === bodyOf(is, table) ? null : `theirs stays: ${is.definition}`;

/** Whether a plain unique index enforces what a constraint must. */
function isIndexOf(must: CatalogEntry, index: CatalogEntry, table: string): boolean {
  const columns = /^(?:UNIQUE|PRIMARY KEY) (\(.*\))$/.exec(must.definition)?.[1];
  return (
    columns !== undefined && bodyOf(index, table) === `CREATE UNIQUE INDEX ON ${table} USING btree ${columns}`
  );
}

function renaming(table: string, must: CatalogEntry, is: CatalogEntry): string {
  if (must.kind === 'index') return `ALTER INDEX ${quoted(is, table)} RENAME TO ${quoted(must, table)}`;
  if (must.kind === 'trigger')
    return `ALTER TRIGGER ${quoted(is, table)} ON ${quoteIdentifier(table)} RENAME TO ${quoted(must, table)}`;
  return `ALTER TABLE ${quoteIdentifier(table)} RENAME CONSTRAINT ${quoted(is, table)} TO ${quoted(must, table)}`;
}

function adding(table: string, must: CatalogEntry, index: CatalogEntry): string {
  const [key] = /^(?:UNIQUE|PRIMARY KEY)/.exec(must.definition) ?? [];
  return `ALTER TABLE ${quoteIdentifier(table)} ADD CONSTRAINT ${quoted(must, table)} ${key} USING INDEX ${quoted(index, table)}`;
}

function removal(table: string, is: CatalogEntry): string {
  if (is.kind === 'index') return `DROP INDEX ${quoted(is, table)}`;
  if (is.kind === 'trigger') return `DROP TRIGGER ${quoted(is, table)} ON ${quoteIdentifier(table)}`;
  return `ALTER TABLE ${quoteIdentifier(table)} DROP CONSTRAINT ${quoted(is, table)}`;
}

function creation(table: string, must: CatalogEntry): string {
  if (must.kind === 'trigger') return creationOfTrigger(table, must);
  if (must.kind === 'index') return must.definition;
  return `ALTER TABLE ${quoteIdentifier(table)} ADD CONSTRAINT ${quoted(must, table)} ${must.definition}`;
}

const SWITCHED = /^(.*) \((DISABLED|REPLICA|ALWAYS)\)$/s;
const SWITCHES: Readonly<Record<string, string>> = {
  DISABLED: 'DISABLE',
  REPLICA: 'ENABLE REPLICA',
  ALWAYS: 'ENABLE ALWAYS',
};

function creationOfTrigger(table: string, must: CatalogEntry): string {
  const [, create, state = ''] = SWITCHED.exec(must.definition) ?? [];
  if (create === undefined) return must.definition;
  return `${create}; ALTER TABLE ${quoteIdentifier(table)} ${SWITCHES[state]} TRIGGER ${quoted(must, table)}`;
}
