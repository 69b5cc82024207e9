import type { Io } from '../cli/io.ts';
import { type TracedStatement, tracingClient } from '../platform/postgres/tracing-client.ts';
import { escapeControls, pluralize, truncate } from '../util/text.ts';

/** A statement of a migration may be a whole script. */
const MAX_CHARS = 4_000;

/** What makes clients of PostgreSQL tell stderr of every statement: its duration, rows and text, of its parameters the types. */
export function traceStatements(io: Io): (Client: Parameters<typeof tracingClient>[0]) => typeof Client {
  return (Client) =>
    tracingClient(Client, (statement) => {
      void io.log?.add({ level: 'debug', ...statement });
      // A terminal that is gone ends no command.
      io.err.write(`${lineOf(statement)}\n`).catch(() => {});
    });
}

function lineOf({ sql, types, ms, rows, failure }: TracedStatement): string {
  const text = escapeControls(truncate(sql.replace(/\s+/g, ' ').trim(), MAX_CHARS));
  const outcome = failure === undefined ? rows !== undefined && pluralize(rows, 'row') : `failed: ${failure}`;
  const parameters = types.length > 0 && `(${types.map((type, i) => `$${i + 1} ${type}`).join(', ')})`;
  return ['sql', `${ms.toFixed(1)} ms`, outcome, text, parameters].filter(Boolean).join('  ');
}
