import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { ForeignKey, Original } from './layout.ts';
import { AHEAD_PARTITION, boundOf, END, HISTORY_PARTITION, type Month } from './months.ts';

/** One step of a conversion: one transaction. */
export interface PartitionStep {
  title: string;
  sql: string[];
  /** Exclusive locks that it needs. They are requested briefly and repeatedly, so that nobody queues behind them. */
  brief?: { lock: string[] };
}

/** The new table, until it replaces the old one. */
export const DRAFT_TABLE = 'orders_partitioned';
/** The CHECK that shows the old table to fit its range, so that ATTACH need not read it under the lock. */
export const RANGE_CHECK = 'orders_partition_proof';

/** From a plain table to partitions. Everything slow runs before or after the one short transaction that switches. */
export function enableSteps(
  original: Original,
  keys: ForeignKey[],
  from: Date,
  months: Month[],
): PartitionStep[] {
  const first = boundOf(from);
  const last = boundOf(endOf(months, from));
  return [
    dropDraft,
    { title: 'create the partitioned table', sql: makeTable(original, from, months, last) },
    {
      title: 'reference users',
      brief: { lock: ['users IN SHARE ROW EXCLUSIVE MODE'] },
      sql: original.keys.map(
        ({ name, definition }) => `ALTER TABLE ${DRAFT_TABLE} ADD CONSTRAINT ${name} ${definition}`,
      ),
    },
    constrainRange('orders', `order_id < '${first}' OR order_id >= '${END}'`),
    {
      title: 'validate the range of the old table',
      sql: [`ALTER TABLE orders VALIDATE CONSTRAINT ${RANGE_CHECK}`],
    },
    {
      title: 'switch',
      brief: lockOrdersAnd(keys),
      sql: [...keys.map(dropKey), ...switchTables(original), ...keys.map(addKey)],
    },
    ...validateSteps(keys),
  ];
}

/** Adds months before `orders_ahead`. Where that holds rows already, it becomes a partition itself. */
export function extendSteps(
  owner: string,
  keys: ForeignKey[],
  last: string,
  months: Month[],
  filled?: { partition: string; until: Date },
): PartitionStep[] {
  const end = boundOf(endOf(months, filled?.until ?? months[0]?.start ?? new Date(0)));
  const ahead = filled
    ? [
        `ALTER TABLE ${AHEAD_PARTITION} RENAME TO ${filled.partition}`,
        `ALTER TABLE orders ATTACH PARTITION ${filled.partition} ${range(last, boundOf(filled.until))}`,
        `ALTER TABLE ${filled.partition} DROP CONSTRAINT ${RANGE_CHECK}`,
        ...makeMonths('orders', owner, months),
        ...makePartition('orders', owner, AHEAD_PARTITION, range(end, END)),
      ]
    : [
        ...makeMonths('orders', owner, months),
        `ALTER TABLE orders ATTACH PARTITION ${AHEAD_PARTITION} ${range(end, END)}`,
      ];
  return [
    ...(filled
      ? [
          constrainRange(AHEAD_PARTITION, `order_id >= '${last}' AND order_id < '${boundOf(filled.until)}'`),
          {
            title: 'validate the range',
            sql: [`ALTER TABLE ${AHEAD_PARTITION} VALIDATE CONSTRAINT ${RANGE_CHECK}`],
          },
        ]
      : []),
    {
      title: 'add the months',
      brief: lockOrdersAnd(keys),
      sql: [
        ...keys.map(dropKey),
        `ALTER TABLE orders DETACH PARTITION ${AHEAD_PARTITION}`,
        ...ahead,
        ...keys.map(addKey),
      ],
    },
    ...validateSteps(keys),
  ];
}

/** Reads the referencing tables without blocking writers. */
export function validateSteps(keys: readonly ForeignKey[]): PartitionStep[] {
  return keys.map(({ table, name }) => ({
    title: `validate ${name}`,
    sql: [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`],
  }));
}

const USERS = 'users IN ACCESS EXCLUSIVE MODE';
const dropDraft: PartitionStep = {
  title: 'drop the draft of an earlier run',
  brief: { lock: [USERS] },
  sql: [`DROP TABLE IF EXISTS ${DRAFT_TABLE}`],
};

/** Removes what a failed enable has left. */
export const UNDO_STEPS: readonly PartitionStep[] = [
  {
    title: 'drop the range constraint',
    brief: { lock: ['orders IN ACCESS EXCLUSIVE MODE'] },
    sql: [`ALTER TABLE orders DROP CONSTRAINT IF EXISTS ${RANGE_CHECK}`],
  },
  dropDraft,
];

function makeTable(
  { owner, indexes, grants, triggers }: Original,
  from: Date,
  months: Month[],
  last: string,
) {
  return [
    `CREATE TABLE ${DRAFT_TABLE} (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS INCLUDING STORAGE) PARTITION BY RANGE (order_id)`,
    // LIKE also copies the constraint of an earlier run.
    `ALTER TABLE ${DRAFT_TABLE} DROP CONSTRAINT IF EXISTS ${RANGE_CHECK}`,
    `ALTER TABLE ${DRAFT_TABLE} ADD CONSTRAINT ${DRAFT_TABLE}_pkey PRIMARY KEY (order_id)`,
    ...indexes.map(({ name, definition }) =>
      definition.replace(
        /^(CREATE (?:UNIQUE )?INDEX) .*? ON \S+/,
        `$1 ${draftIndex(name)} ON ${DRAFT_TABLE}`,
      ),
    ),
    ...triggers.flatMap(({ name, definition, disabled }) => [
      definition.replace(/ ON \S+ FOR EACH ROW /, ` ON ${DRAFT_TABLE} FOR EACH ROW `),
      ...(disabled ? [`ALTER TABLE ${DRAFT_TABLE} DISABLE TRIGGER ${name}`] : []),
    ]),
    `ALTER TABLE ${DRAFT_TABLE} OWNER TO ${owner}`,
    ...grants.map(
      ({ role, privilege, column }) =>
        `GRANT ${privilege}${column ? ` (${column})` : ''} ON ${DRAFT_TABLE} TO ${role}`,
    ),
    ...makeMonths(
      DRAFT_TABLE,
      owner,
      months.filter(({ start }) => start >= from),
    ),
    ...makePartition(DRAFT_TABLE, owner, AHEAD_PARTITION, range(last, END)),
  ];
}

function switchTables({ indexes, grants, triggers }: Original): string[] {
  return [
    // It gets those of the table that it becomes a part of.
    ...triggers.map(({ name }) => `DROP TRIGGER ${name} ON orders`),
    ...indexes.map(({ name }) => `ALTER INDEX ${quoteIdentifier(name)} RENAME TO ${historyIndex(name)}`),
    `ALTER INDEX orders_pkey RENAME TO ${HISTORY_PARTITION}_pkey`,
    `ALTER TABLE orders RENAME TO ${HISTORY_PARTITION}`,
    ...[...new Set(grants.map(({ role }) => role))].map(
      (role) => `REVOKE ALL ON ${HISTORY_PARTITION} FROM ${role}`,
    ),
    `ALTER TABLE ${DRAFT_TABLE} RENAME TO orders`,
    `ALTER INDEX ${DRAFT_TABLE}_pkey RENAME TO orders_pkey`,
    ...indexes.map(({ name }) => `ALTER INDEX ${draftIndex(name)} RENAME TO ${quoteIdentifier(name)}`),
    `ALTER TABLE orders ATTACH PARTITION ${HISTORY_PARTITION} DEFAULT`,
  ];
}

const draftIndex = (index: string) => quoteIdentifier(`made_${index}`);
const historyIndex = (index: string) =>
  quoteIdentifier(`${HISTORY_PARTITION}_${index.replace(/^idx_orders_/, '')}`);
const range = (from: string, to: string) => `FOR VALUES FROM ('${from}') TO ('${to}')`;

const endOf = (months: readonly Month[], otherwise: Date) => months.at(-1)?.end ?? otherwise;

function makeMonths(parent: string, owner: string, months: readonly Month[]): string[] {
  return months.flatMap((month) =>
    makePartition(parent, owner, month.partition, range(boundOf(month.start), boundOf(month.end))),
  );
}

function makePartition(parent: string, owner: string, name: string, values: string): string[] {
  return [`CREATE TABLE ${name} PARTITION OF ${parent} ${values}`, `ALTER TABLE ${name} OWNER TO ${owner}`];
}

function constrainRange(table: string, rule: string): PartitionStep {
  return {
    title: 'constrain the range of ids',
    brief: { lock: [`${table} IN ACCESS EXCLUSIVE MODE`] },
    sql: [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${RANGE_CHECK}`,
      `ALTER TABLE ${table} ADD CONSTRAINT ${RANGE_CHECK} CHECK (${rule}) NOT VALID`,
    ],
  };
}

/**
 * Locks users first, and fully: attaching a table with a foreign key to it changes its triggers, and every booking of a
 * fill starts with a row of users. So sessions that wait for us hold nothing that we need, and earlier ones finish.
 */
function lockOrdersAnd(keys: readonly ForeignKey[]): { lock: string[] } {
  const tables = ['orders', ...new Set(keys.map(({ table }) => table))];
  return { lock: [USERS, `${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`] };
}

const dropKey = ({ table, name }: ForeignKey) => `ALTER TABLE ${table} DROP CONSTRAINT ${name}`;
/** Enforced for new rows from here on; existing rows obeyed the dropped key and are validated in a later step. */
const addKey = ({ table, name, definition }: ForeignKey) =>
  `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition} NOT VALID`;
