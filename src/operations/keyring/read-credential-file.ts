import { resolve } from 'node:path';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { existingIdText } from '../../domain/id.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { BROKER_COLUMNS, type BrokerColumn } from '../../platform/secrets/broker-credentials.ts';
import { stdinBytes } from '../../trading/keyring/read-secret.ts';
import { Failure, usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

/** The secrets of a user in a file. */
export interface CredentialRow {
  user_id: UserId;
  secrets: Partial<Record<BrokerColumn, string>>;
}

const MAX_FILE_BYTES = 16 * 1_048_576;
const HEADER = `user_id,${BROKER_COLUMNS.join(',')}`;
const MAX_NAMED = 10;

/**
 * The credentials in a CSV file that only its owner can read, or in stdin for `-`: `user_id` and columns of secrets, of which an
 * empty one is not given. Throws a usage error that names the lines that are wrong, and never what stands in them.
 */
export async function readCredentialFile(
  ctx: Context,
  path: string,
  maxBytes: number,
): Promise<CredentialRow[]> {
  const [head, ...records] = await recordsOf(await bytesOf(ctx, path));
  const columns = columnsOf(head?.fields ?? []);
  const rows: CredentialRow[] = [];
  const bad: string[] = [];
  const lines = new Map<string, number>();
  for (const { line, fields } of records) {
    const row = rowOf(fields, columns, maxBytes);
    const before = typeof row === 'string' ? undefined : lines.get(row.user_id);
    if (typeof row === 'string') bad.push(`line ${line}: ${row}`);
    else if (before !== undefined) bad.push(`line ${line}: the user stands in line ${before}, too`);
    else {
      lines.set(row.user_id, line);
      rows.push(row);
    }
  }
  if (bad.length > 0) {
    const more = bad.length > MAX_NAMED ? [`and ${pluralize(bad.length - MAX_NAMED, 'line')} more`] : [];
    throw usage(
      [
        `${pluralize(bad.length, 'line')} cannot be taken; nothing was stored.`,
        ...bad.slice(0, MAX_NAMED),
        ...more,
      ].join('\n'),
    );
  }
  if (rows.length === 0) throw usage('There are no credentials in the file.', `Its header: ${HEADER}`);
  return rows;
}

async function bytesOf(ctx: Context, path: string): Promise<Buffer> {
  if (path === '-') {
    if (ctx.io.stdin.isTTY)
      throw usage('The credentials would be visible while they are typed.', 'Name a file, or pipe them.');
    return stdinBytes(ctx, 'stdin', MAX_FILE_BYTES);
  }
  const file = resolve(ctx.cwd, path);
  const bytes = await readSecretFile(file, ctx.own.uid, 'The file', MAX_FILE_BYTES);
  if (!bytes) throw new Failure('notFound', 'FILE_NOT_FOUND', `There is no file ${file}.`);
  return bytes;
}

interface Line {
  line: number;
  fields: string[];
}

async function recordsOf(bytes: Buffer): Promise<Line[]> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usage('The file is not text in UTF-8.');
  }
  const { parse } = await import('csv-parse/sync');
  try {
    const found = parse(text, {
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return found.map(({ record, info }) => ({ line: info.lines, fields: record }));
  } catch (error) {
    // Its message may quote the line.
    const { lines } = error as { lines?: number };
    throw usage(`${lines === undefined ? 'The file' : `Line ${lines}`}: a quote is out of place.`);
  }
}

type Column = 'user_id' | BrokerColumn;
const COLUMNS: readonly string[] = ['user_id', ...BROKER_COLUMNS];

/** The columns that a header names. Without one, what stands there is a secret: it is not quoted. */
function columnsOf(fields: readonly string[]): Column[] {
  const names = fields.map((field) => field.trim().toLowerCase());
  const strange = names.findIndex((name) => !COLUMNS.includes(name));
  const isTwice = new Set(names).size < names.length;
  if (strange >= 0 || isTwice || !names.includes('user_id') || names.length < 2)
    throw usage(
      strange >= 0
        ? `The first line must name the columns, and column ${strange + 1} of it is none of them.`
        : 'The first line must name user_id, and each column of secrets once.',
      `A header: ${HEADER}; columns of secrets may be left out.`,
    );
  return names as Column[];
}

const idRule = existingIdText();

/** A row, or what is wrong with it without any value. */
function rowOf(
  fields: readonly string[],
  columns: readonly Column[],
  maxBytes: number,
): CredentialRow | string {
  if (fields.length !== columns.length) return `has ${fields.length} fields, not ${columns.length}`;
  const values = columns.map((column, i) => [column, fields[i] ?? ''] as const);
  const id = idRule.safeParse(values.find(([column]) => column === 'user_id')?.[1].trim() ?? '');
  if (!id.success) return 'user_id is no id';
  const secrets = values.filter(([column, value]) => column !== 'user_id' && value !== '');
  for (const [column, value] of secrets) {
    if (/\p{Cc}/u.test(value)) return `${column} contains control characters`;
    if (Buffer.byteLength(value) > maxBytes) return `${column} has more than ${maxBytes} bytes`;
  }
  if (secrets.length === 0) return 'has no secret';
  return { user_id: id.data as UserId, secrets: Object.fromEntries(secrets) };
}
