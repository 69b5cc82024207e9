import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import { type Column, unquoted } from './columns.ts';
import { convertType, type TypeChange, type TypeContext } from './convert-type.ts';
import { type PlanRow, planRow } from './plan-row.ts';

/** What happens to one column. */
export interface ColumnPlan {
  name: string;
  state: PlanRow['state'];
  detail: string[];
  /** Parts of the one ALTER TABLE of its table. */
  parts: string[];
  /** Statements to run after it. */
  after: string[];
  /** Whether its type changes, so that what depends on it must be made anew: to another type, or only in its collation. */
  retyped: 'type' | 'collation' | undefined;
  /** Whether it keeps a default that the document does not give it. */
  keepsDefault: boolean;
  /** The new value as SQL over the old row, with the labels of enums as text. */
  value: string;
  /** The value as text that must not change: over the old row, and over the new one. Undefined for a new column. */
  kept: { before: string; after: string } | undefined;
  /** Conditions over the old row that end the adoption, or that are told; the key is the sentence. */
  refuses: Map<string, string>;
  tells: Map<string, string>;
}

export interface ColumnContext extends TypeContext {
  /** How many rows of the table have NULL in a column. */
  nulls: ReadonlyMap<string, number>;
  rows: number;
  hashKeys: boolean;
}

const DEFAULT_COLLATION = 'pg_catalog."default"';
const HASHED = "'^[0-9a-f]{64}$'";

/** A column that stays as it is. */
const unchanged = (name: string): ColumnPlan => {
  const c = quoteIdentifier(name);
  return {
    name,
    state: 'fits',
    detail: [],
    parts: [],
    after: [],
    retyped: undefined,
    keepsDefault: false,
    value: c,
    kept: { before: `${c}::text`, after: `${c}::text` },
    refuses: new Map(),
    tells: new Map(),
  };
};

/** Plans a column of the document that the table has. */
export function planColumn(must: Column, is: Column, context: ColumnContext): ColumnPlan {
  const c = quoteIdentifier(is.name);
  const plan = unchanged(is.name);
  const refuse = (why: string): ColumnPlan => ({ ...plan, state: 'refused', detail: [why] });
  if (is.generated)
    return refuse(`is a generated column: ALTER TABLE ${is.table} ALTER ${c} DROP EXPRESSION`);
  const found = convertType(is, must, context);
  if (found === undefined) return refuse(`no way from ${is.type} to ${must.type}`);
  if (isEnum(must, context)) plan.value = `${c}::text`;
  const change = hashing(must, context) ?? (found === 'same' ? undefined : found);
  const fill = fillOf(must, context);
  const retypes = change !== undefined || fill !== undefined || must.collation !== is.collation;
  plan.keepsDefault = must.default === undefined && (is.default !== undefined || is.identity);
  describe(plan, must, { change, fill, collates: must.collation !== is.collation });
  if (retypes) {
    plan.retyped = found === 'same' ? 'collation' : 'type';
    retype(plan, { must, is, change, fill }, context);
  }
  if (plan.keepsDefault) keepDefault(plan, must, is, retypes, change);
  else planDefault(plan, must, is, retypes);
  planNotNull(plan, must, is);
  if (plan.parts.length > 0) plan.state = 'converted';
  return plan;
}

function fillOf(must: Column, { nulls }: ColumnContext): string | undefined {
  const hasNulls = (nulls.get(must.name) ?? 0) > 0;
  return must.default !== undefined && hasNulls ? `(${must.default})::${must.type}` : undefined;
}

interface Retyping {
  must: Column;
  is: Column;
  change: TypeChange | undefined;
  /** What NULL becomes, if any row has NULL. */
  fill: string | undefined;
}

function describe(
  plan: ColumnPlan,
  must: Column,
  { change, fill, collates }: Pick<Retyping, 'change' | 'fill'> & { collates: boolean },
): void {
  const c = quoteIdentifier(plan.name);
  if (change?.refuses) plan.refuses.set(change.refuses.why, change.refuses.when(c));
  if (change?.rounds) plan.tells.set(change.rounds.note, change.rounds.when(c));
  if (change) plan.detail.push(change.note);
  else if (collates) plan.detail.push('sorts bytewise');
  if (fill === undefined) return;
  plan.detail.push(`NULL becomes the default ${must.default}`);
  plan.tells.set('NULL', `${c} IS NULL`);
}

/** The part of ALTER TABLE that changes the type, and the values before and after by which it is checked. */
function retype(plan: ColumnPlan, { must, is, change, fill }: Retyping, context: ColumnContext): void {
  const c = quoteIdentifier(is.name);
  const filled = (value: string, by: string | undefined) =>
    by === undefined ? value : `coalesce(${value}, ${by})`;
  const using = filled(change ? change.using(c) : c, fill);
  const before = change ? change.before(c) : `${c}::text`;
  const after = change ? change.after : (value: string) => `${value}::text`;
  plan.kept = { before: filled(before, fill === undefined ? undefined : after(fill)), after: after(c) };
  plan.value = isEnum(must, context) ? before : using;
  if (is.identity) plan.parts.push(`ALTER ${c} DROP IDENTITY`);
  if (is.default !== undefined) plan.parts.push(`ALTER ${c} DROP DEFAULT`);
  const collation = must.collation ?? (is.collation === undefined ? undefined : DEFAULT_COLLATION);
  plan.parts.push(`ALTER ${c} TYPE ${must.type}${collation ? ` COLLATE ${collation}` : ''} USING ${using}`);
}

function planDefault(plan: ColumnPlan, must: Column, is: Column, retypes: boolean): void {
  if (must.default === undefined || (!retypes && is.default === must.default)) return;
  plan.parts.push(`ALTER ${quoteIdentifier(is.name)} SET DEFAULT ${must.default}`);
  if (is.default === undefined) plan.detail.push(`default ${must.default}`);
}

function planNotNull(plan: ColumnPlan, must: Column, is: Column): void {
  if (must.notNull === is.notNull) return;
  const c = quoteIdentifier(is.name);
  plan.parts.push(`ALTER ${c} ${must.notNull ? 'SET' : 'DROP'} NOT NULL`);
  plan.detail.push(must.notNull ? 'NOT NULL' : 'without NOT NULL');
  if (must.notNull) plan.refuses.set('NULL where the document has no default', `${c} IS NULL`);
}

/** Keeps a default of theirs, such as that of an id which counts or draws: their INSERT leaves it out. */
function keepDefault(
  plan: ColumnPlan,
  must: Column,
  is: Column,
  retypes: boolean,
  change: TypeChange | undefined,
): void {
  const c = quoteIdentifier(is.name);
  plan.detail.push('their default stays');
  if (!retypes) return;
  if (is.default !== undefined) {
    const value = `(${is.default})`;
    plan.parts.push(`ALTER ${c} SET DEFAULT ${change ? change.using(value) : value}`);
    return;
  }
  // The sequence of an identity goes with it.
  const table = quoteIdentifier(is.table);
  const name = quoteIdentifier(`${is.table}_${is.name}_counter`);
  plan.after.push(
    `CREATE SEQUENCE ${name} OWNED BY ${table}.${c}`,
    `SELECT setval('${name}', greatest(1, (SELECT max(${c}::bigint) + 1 FROM ${table})), false)`,
    `ALTER TABLE ${table} ALTER ${c} SET DEFAULT nextval('${name}')::${must.type}`,
  );
}

/** Plans a column of the document that the table lacks. */
export function planMissing(must: Column, definition: string, { rows, labels }: ColumnContext): ColumnPlan {
  const c = quoteIdentifier(must.name);
  const label = /^'((?:[^']|'')*)'/.exec(must.default ?? '')?.[0] ?? 'NULL';
  const impossible = must.notNull && must.default === undefined && !must.identity && rows > 0;
  return {
    ...unchanged(must.name),
    state: impossible ? 'refused' : 'added',
    detail: impossible ? ['is missing, and the document has no default for the rows that are there'] : [],
    parts: [`ADD COLUMN ${c} ${definition}`],
    value: isEnum(must, { labels }) ? `${label}::text` : `(${must.default ?? 'NULL'})::${must.type}`,
    kept: undefined,
  };
}

const FILLERS: readonly (readonly [RegExp, string])[] = [
  [/^(character varying|text|character|citext)\b/, "''"],
  [/^(smallint|integer|bigint|numeric|real|double precision)\b/, '0'],
  [/^boolean$/, 'false'],
  [/^timestamp\b/, 'now()'],
  [/^date$/, 'CURRENT_DATE'],
  [/^jsonb?$/, "'{}'"],
  [/^uuid$/, 'gen_random_uuid()'],
  [/\[\]$/, "'{}'"],
];

/** Plans a column of theirs, which our INSERT leaves out: it needs a default where it takes no NULL. */
export function planForeign(is: Column, unique: boolean): ColumnPlan {
  const c = quoteIdentifier(is.name);
  const plan: ColumnPlan = { ...unchanged(is.name), state: 'kept' };
  if (!is.notNull || is.default !== undefined || is.identity || is.generated) return plan;
  const filler = FILLERS.find(([type]) => type.test(is.type))?.[1];
  if (filler === undefined || unique)
    return {
      ...plan,
      state: 'refused',
      detail: [
        'takes no NULL and has no default: what Pinnacle inserts would be refused. Give it a default or drop its NOT NULL',
      ],
    };
  return {
    ...plan,
    state: 'converted',
    detail: [`theirs, kept; the default ${filler} for the rows that Pinnacle inserts`],
    parts: [`ALTER ${c} SET DEFAULT ${filler}`],
  };
}

/** A column as rows of the plan; `found` has the rows of each condition that any row meets. */
export function columnRows(
  table: string,
  plan: ColumnPlan,
  found: ReadonlyMap<string, { rows: number; example: string | null }>,
): PlanRow[] {
  const told = [...plan.tells.keys()].flatMap((key) => {
    const some = found.get(`${plan.name} ${key}`);
    return some ? [{ key, ...some }] : [];
  });
  const [first] = told;
  const row = planRow({
    table,
    kind: 'column',
    object: `${table}.${plan.name}`,
    state: plan.state,
    detail:
      [...plan.detail, ...told.filter(({ key }) => key !== 'NULL').map(({ key }) => key)].join('; ') || null,
    rows: first?.rows ?? null,
    example: first?.example ?? null,
    sql: plan.parts.length > 0 ? [...plan.parts, ...plan.after].join('; ') : null,
  });
  const refused = [...plan.refuses.keys()].flatMap((why) => {
    const some = found.get(`${plan.name} ${why}`);
    return some ? [{ ...row, ...some, state: 'refused' as const, detail: why, sql: null }] : [];
  });
  return refused.length > 0 ? refused : [row];
}

const isEnum = ({ type }: Column, { labels }: Pick<TypeContext, 'labels'>) => labels.has(unquoted(type));

/** API keys in the clear become their hashes; one that looks like a hash stays. */
function hashing(must: Column, { hashKeys }: ColumnContext): TypeChange | undefined {
  if (!hashKeys || must.table !== 'users' || must.name !== 'api_key') return undefined;
  const hash = (value: string) =>
    `CASE WHEN ${value}::text ~ ${HASHED} THEN ${value}::text ELSE encode(sha256(convert_to(${value}::text, 'UTF8')), 'hex') END`;
  return {
    using: (value) => `(${hash(value)})::${must.type}`,
    before: hash,
    after: (value) => `${value}::text`,
    note: 'keys in the clear become their SHA-256',
  };
}
