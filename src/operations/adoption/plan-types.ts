import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { CatalogEntry } from '../migrations/catalog.ts';
import { type Column, labelsOf, unquoted } from './columns.ts';
import { type PlanRow, planRow } from './plan-row.ts';

/** What becomes of the enum types, before any column is converted. */
export interface TypePlan {
  rows: PlanRow[];
  statements: string[];
  /** The name that a type of theirs has then, by the name that it has now. */
  renamed: Map<string, string>;
  /** Types that were set aside because they have other labels: dropped at the end if nothing uses them. */
  setAside: string[];
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * Plans the enum types: those of theirs with our labels get our name, which rewrites nothing; the others stay, and their
 * columns are converted to a type of ours. `columns` are pairs of what a column must be and is.
 */
export function planTypes(
  expected: readonly CatalogEntry[],
  actual: readonly CatalogEntry[],
  columns: readonly (readonly [expected: Column, actual: Column])[],
): TypePlan {
  const theirs = labelsOf(actual);
  const plan: TypePlan = { rows: [], statements: [], renamed: new Map(), setAside: [] };
  for (const [name, labels] of labelsOf(expected)) {
    const found = theirs.has(name) ? name : onlyTypeOf(name, columns, theirs);
    planType(plan, { name, labels, found, has: theirs.get(found ?? '') });
  }
  return plan;
}

/** `found` is the type of theirs that would do, and `has` its labels. */
function planType(
  plan: TypePlan,
  {
    name,
    labels,
    found,
    has,
  }: { name: string; labels: string[]; found: string | undefined; has: string[] | undefined },
) {
  const add = (
    state: PlanRow['state'],
    notes: readonly (string | null)[],
    statements: readonly string[],
    shown = statements,
  ) => {
    const detail = notes.filter(Boolean).join('; ') || null;
    const sql = shown.join('; ') || null;
    plan.rows.push(planRow({ table: '', kind: 'type', object: name, state, detail, sql }));
    plan.statements.push(...statements);
  };
  const create = `CREATE TYPE ${quoteIdentifier(name)} AS ENUM (${labels.map(literal).join(', ')})`;
  if (found === undefined || has === undefined) return add('added', [], [create]);
  const changes = relabel(name, labels, has);
  if (isSame(labels, has) && found === name)
    return add(changes.length > 0 ? 'converted' : 'fits', [labelNote(changes)], changes);
  if (isSame(labels, has)) {
    plan.renamed.set(found, name);
    const rename = `ALTER TYPE ${quoteIdentifier(found)} RENAME TO ${quoteIdentifier(name)}`;
    const note = `their type ${found} has these labels and stays; in our statements a domain stands for it`;
    const domain = `CREATE DOMAIN ${quoteIdentifier(name)} AS ${quoteIdentifier(found)}`;
    // It has our name while the tables are converted.
    return add('converted', [note, labelNote(changes)], [rename, ...changes], [...changes, domain]);
  }
  if (found !== name) return add('added', [], [create]);
  const aside = `${name}_before`;
  plan.renamed.set(name, aside);
  plan.setAside.push(aside);
  add(
    'converted',
    [`their type of this name has other labels: ${has.join(', ')}`],
    [`ALTER TYPE ${quoteIdentifier(name)} RENAME TO ${quoteIdentifier(aside)}`, create],
  );
}

/** The one enum type of theirs that all columns have which must have the type `name`, if no other columns have it. */
function onlyTypeOf(
  name: string,
  columns: readonly (readonly [Column, Column])[],
  theirs: ReadonlyMap<string, unknown>,
): string | undefined {
  const types = new Set(
    columns.flatMap(([must, is]) => (unquoted(must.type) === name ? [unquoted(is.type)] : [])),
  );
  const [type] = types;
  if (types.size !== 1 || type === undefined || !theirs.has(type)) return undefined;
  const elsewhere = columns.some(([must, is]) => unquoted(is.type) === type && unquoted(must.type) !== name);
  return elsewhere ? undefined : type;
}

const isSame = (labels: readonly string[], has: readonly string[]) =>
  labels.length === has.length && labels.every((label, i) => label === has[i]?.trim().toUpperCase());

const relabel = (name: string, labels: readonly string[], has: readonly string[]) =>
  labels.flatMap((label, i) =>
    has[i] === label
      ? []
      : [`ALTER TYPE ${quoteIdentifier(name)} RENAME VALUE ${literal(has[i] ?? '')} TO ${literal(label)}`],
  );

const labelNote = (changes: readonly string[]) =>
  changes.length > 0 ? 'labels in capitals: their services must write them so' : null;
