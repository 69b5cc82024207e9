import type pg from 'pg';
import type { ClientConfig } from 'pg';

/** A statement that was sent, without the values of its parameters. */
export interface TracedStatement {
  sql: string;
  /** The types of $1, $2 …: `text`, `number[3]`. */
  types: string[];
  ms: number;
  /** Rows that it returned or changed; undefined where it failed, or says no number. */
  rows: number | undefined;
  /** The SQLSTATE of its failure, or the code of a lost connection. */
  failure: string | undefined;
}

export type Trace = (statement: TracedStatement) => void;

type Answered = { rowCount?: number | null } | { rowCount?: number | null }[] | undefined;
type Callback = (error: Error | null, result?: Answered) => void;
type Query = (statement: unknown, values?: unknown, callback?: unknown) => unknown;

/** A class of clients that tell of every statement once it is answered. */
export function tracingClient(Client: typeof pg.Client, trace: Trace): typeof pg.Client {
  return class extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      const query = this.query.bind(this) as Query;
      (this as unknown as { query: Query }).query = (...given) => traced(query, given, trace);
    }
  };
}

function traced(query: Query, given: Parameters<Query>, trace: Trace): unknown {
  const [statement, values] = given;
  const { text = '', values: own } = (typeof statement === 'string' ? { text: statement } : statement) as {
    text?: string;
    values?: unknown[];
  };
  const started = performance.now();
  const told = (rows: number | undefined, failure?: string) =>
    trace({
      sql: text,
      types: (Array.isArray(values) ? values : (own ?? [])).map(typeOf),
      ms: performance.now() - started,
      rows,
      failure,
    });
  const at = given.findIndex((each) => typeof each === 'function');
  const callback = given[at] as Callback | undefined;
  if (callback !== undefined)
    given[at] = (error: Error | null, result?: Answered) => {
      told(error ? undefined : rowsOf(result), error ? codeOf(error) : undefined);
      callback(error, result);
    };
  const answer = query(...given);
  if (answer instanceof Promise)
    answer.then(
      (result: Answered) => told(rowsOf(result)),
      (error) => told(undefined, codeOf(error)),
    );
  // A COPY is a stream: its rows are not counted here.
  else if (callback === undefined) told(undefined);
  return answer;
}

function rowsOf(result: Answered): number | undefined {
  return [result].flat().at(-1)?.rowCount ?? undefined;
}

const codeOf = (error: unknown) => (error as { code?: string }).code ?? 'failed';

/** What kind of value a parameter is, and nothing of what is in it. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `${value.length === 0 ? '' : typeOf(value[0])}[${value.length}]`;
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Date) return 'time';
  return typeof value === 'string' ? 'text' : typeof value === 'object' ? 'json' : typeof value;
}
