import * as z from 'zod/mini';
import { COLUMNS, type TableCount } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';

const digits = z.string().check(z.regex(/^\d{1,19}$/));
const hex = z.string().check(z.regex(/^[0-9a-f]{8,128}$/));
const text = z.string().check(z.maxLength(200));
const count = z.int().check(z.nonnegative());
const time = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/));
const month = z.string().check(z.regex(/^20\d\d-(0[1-9]|1[0-2])$/));
const table = z.enum([...COLUMNS.keys()]);
const many = z.maxLength(10_000);

/** A key that a backup is authenticated with, and the salt of this backup. */
const keySchema = z.nullable(z.strictObject({ key_id: hex, salt: hex }));

/** The first line of format 2: everything a restore does besides reading rows, as values. */
export const headerSchema = z.strictObject({
  pinnacle_backup: z.literal(2),
  /** UTC. */
  created_at: time,
  database: text,
  kind: z.enum(['server', 'embedded']),
  /** Of PostgreSQL, and of this program. */
  server: text,
  pinnacle: text,
  phase: z.int().check(z.minimum(1), z.maximum(4)),
  /** The scripts that made the schema, in the order in which they ran. */
  scripts: z.array(z.strictObject({ name: text, sha256: hex })).check(many, z.minLength(1)),
  /** What the schema was set to beyond its scripts; missing where that was nothing. */
  schema: z.optional(
    z.strictObject({ mode: z.enum(['strict', 'shared']), record: z.boolean(), hold: z.boolean() }),
  ),
  tables: z.array(z.strictObject({ table, columns: z.array(text).check(many, z.minLength(1)) })).check(many),
  /** Where the identity columns stand. */
  sequences: z
    .array(z.strictObject({ table, column: text, last_value: digits, is_called: z.boolean() }))
    .check(many),
  /** The months of orders, from `from` up to `to`; null where it is one table. */
  partitions: z.nullable(z.array(z.strictObject({ from: month, to: month })).check(many, z.minLength(1))),
  /** Whether the tables belong to the owner role, and the rights of our roles, as `role object privilege column`. */
  access: z.strictObject({ owned: z.boolean(), rights: z.array(text).check(many) }),
  /** Whose transaction ids the rows name, and the first that was not begun yet. */
  cluster: digits,
  next_txid: digits,
  /** The keys that broker credentials are encrypted with. */
  key_ids: z.array(hex).check(many),
  encrypted: z.boolean(),
  key: keySchema,
});

/** The last line of format 2: what is known once the rows are read. `tables` are those of the first line. */
export const trailerSchema = z.strictObject({
  tables: z.array(z.strictObject({ rows: count, bytes: count })).check(many),
  /** What was wrong with the book and the log in the database itself. */
  faults: z
    .array(z.strictObject({ check: z.enum(['ledger', 'audit log']), name: text, total: count }))
    .check(many),
  bytes: count,
  sha256: hex,
  mark: z.nullable(hex),
});

export type Header = z.infer<typeof headerSchema>;
export type Trailer = z.infer<typeof trailerSchema>;

/** Something that is wrong with the book or the log: which check found it, and how often. */
export type Fault = Trailer['faults'][number];

/** The first line of format 1, whose data were SQL. */
export const oldHeaderSchema = z.object({
  pinnacle_backup: z.literal(1),
  created_at: time,
  database: text,
  kind: z.enum(['server', 'embedded']),
  phase: z.int().check(z.minimum(1), z.maximum(4)),
  scripts: z.array(z.object({ phase: z.int(), name: text, up_sha256: hex })).check(many, z.minLength(1)),
  cluster: digits,
  next_txid: digits,
  key_ids: z.array(hex).check(many),
  encryption: keySchema,
});

export const oldTrailerSchema = z.object({
  rows: z.record(text, count),
  bytes: count,
  sha256: hex,
  mark: z.nullable(hex),
});

/** What both formats tell of a backup before its data are read. */
export interface Facts {
  format: 1 | 2;
  created_at: string;
  database: string;
  phase: number;
  scripts: readonly { name: string; sha256: string }[];
  cluster: string;
  next_txid: string;
  key_ids: readonly string[];
  encrypted: boolean;
  key: Header['key'];
  counts: readonly TableCount[];
  /** What format 2 tells besides. */
  manifest: (Header & Pick<Trailer, 'faults'>) | undefined;
}

/** What the last line tells of the file itself, in both formats. */
export type End = Pick<Trailer, 'bytes' | 'sha256' | 'mark'>;

/** The fields of a line; `value` is undefined where there is no such line. Throws CorruptArchive naming the first bad one. */
export function parsed<T>(schema: z.ZodMiniType<T>, value: unknown, line: 'first' | 'last'): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  if (value === undefined) throw endMissing();
  const [issue] = result.error.issues;
  const extra = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...extra].join('.');
  throw new CorruptArchive(
    'altered',
    field ? `the field ${field} of its ${line} line is not valid` : `its ${line} line is not valid`,
  );
}

export const endMissing = () => new CorruptArchive('cut', 'its end is missing or altered');
