import type { ForeignKey, Original } from './layout.ts';
import { AHEAD_PARTITION, boundOf, END, HISTORY_PARTITION, type Month } from './months.ts';

/** One transaction of a conversion. */
export interface Step {
  title: string;
  sql: string[];
  /** Needs exclusive locks: asked for briefly and again, never queued for while others wait behind it. */
  brief?: { lock: string[] };
}

/** The new table until it takes the place of the old one. */
export const MADE = 'orders_partitioned';
/** The CHECK by which the old table proves that it fits, so that it is not read under the lock. */
export const PROOF = 'orders_partition_proof';

/** From a plain table to partitions: everything slow before or after the one short transaction that switches. */
export function enableSteps(original: Original, keys: ForeignKey[], from: Date, months: Month[]): Step[] {
  const [first, last] = [boundOf(from), boundOf(endOf(months, from))];
  return [
    clearing,
    { title: 'make the partitioned table', sql: makeTable(original, from, months, last) },
    {
      title: 'refer to users',
      brief: { lock: ['users IN SHARE ROW EXCLUSIVE MODE'] },
      sql: original.keys.map(
        ({ name, definition }) => `ALTER TABLE ${MADE} ADD CONSTRAINT ${name} ${definition}`,
      ),
    },
    proving('orders', `order_id < '${first}' OR order_id >= '${END}'`),
    { title: 'prove that the old table fits', sql: [`ALTER TABLE orders VALIDATE CONSTRAINT ${PROOF}`] },
    {
      title: 'switch',
      brief: locking(keys),
      sql: [...keys.map(dropKey), ...switchTables(original), ...keys.map(addKey)],
    },
    ...validateSteps(keys),
  ];
}

/** More months: they are cut off what lies ahead. Where that holds rows already, it becomes a partition itself. */
export function extendSteps(
  owner: string,
  keys: ForeignKey[],
  last: string,
  months: Month[],
  filled?: { partition: string; until: Date },
): Step[] {
  const end = boundOf(endOf(months, filled?.until ?? months[0]?.start ?? new Date(0)));
  const ahead = filled
    ? [
        `ALTER TABLE ${AHEAD_PARTITION} RENAME TO ${filled.partition}`,
        `ALTER TABLE orders ATTACH PARTITION ${filled.partition} ${range(last, boundOf(filled.until))}`,
        `ALTER TABLE ${filled.partition} DROP CONSTRAINT ${PROOF}`,
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
          proving(AHEAD_PARTITION, `order_id >= '${last}' AND order_id < '${boundOf(filled.until)}'`),
          {
            title: 'prove that it fits',
            sql: [`ALTER TABLE ${AHEAD_PARTITION} VALIDATE CONSTRAINT ${PROOF}`],
          },
        ]
      : []),
    {
      title: 'add the months',
      brief: locking(keys),
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

/** Reads the rows of the referring tables, while everybody goes on writing. */
export function validateSteps(keys: readonly ForeignKey[]): Step[] {
  return keys.map(({ table, name }) => ({
    title: `validate ${name}`,
    sql: [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`],
  }));
}

const USERS = 'users IN ACCESS EXCLUSIVE MODE';
const clearing: Step = {
  title: 'clear what an earlier run made',
  brief: { lock: [USERS] },
  sql: [`DROP TABLE IF EXISTS ${MADE}`],
};

/** Takes back what an enabling that failed has left. */
export const UNDOING: readonly Step[] = [
  {
    title: 'take the promise back',
    brief: { lock: ['orders IN ACCESS EXCLUSIVE MODE'] },
    sql: [`ALTER TABLE orders DROP CONSTRAINT IF EXISTS ${PROOF}`],
  },
  clearing,
];

function makeTable({ owner, indexes, grants }: Original, from: Date, months: Month[], last: string) {
  return [
    `CREATE TABLE ${MADE} (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS INCLUDING STORAGE) PARTITION BY RANGE (order_id)`,
    // The proof of an earlier run is not the new table's.
    `ALTER TABLE ${MADE} DROP CONSTRAINT IF EXISTS ${PROOF}`,
    `ALTER TABLE ${MADE} ADD CONSTRAINT ${MADE}_pkey PRIMARY KEY (order_id)`,
    ...indexes.map(({ name, definition }) =>
      definition.replace(/^(CREATE (?:UNIQUE )?INDEX) .*? ON \S+/, `$1 ${made(name)} ON ${MADE}`),
    ),
    `ALTER TABLE ${MADE} OWNER TO ${owner}`,
    ...grants.map(
      ({ role, privilege, column }) =>
        `GRANT ${privilege}${column ? ` (${column})` : ''} ON ${MADE} TO ${role}`,
    ),
    ...makeMonths(
      MADE,
      owner,
      months.filter(({ start }) => start >= from),
    ),
    ...makePartition(MADE, owner, AHEAD_PARTITION, range(last, END)),
  ];
}

function switchTables({ indexes, grants }: Original): string[] {
  return [
    ...indexes.map(({ name }) => `ALTER INDEX "${name}" RENAME TO ${old(name)}`),
    `ALTER INDEX orders_pkey RENAME TO ${HISTORY_PARTITION}_pkey`,
    `ALTER TABLE orders RENAME TO ${HISTORY_PARTITION}`,
    ...[...new Set(grants.map(({ role }) => role))].map(
      (role) => `REVOKE ALL ON ${HISTORY_PARTITION} FROM ${role}`,
    ),
    `ALTER TABLE ${MADE} RENAME TO orders`,
    `ALTER INDEX ${MADE}_pkey RENAME TO orders_pkey`,
    ...indexes.map(({ name }) => `ALTER INDEX ${made(name)} RENAME TO "${name}"`),
    `ALTER TABLE orders ATTACH PARTITION ${HISTORY_PARTITION} DEFAULT`,
  ];
}

const made = (index: string) => `"made_${index}"`;
const old = (index: string) => `"${HISTORY_PARTITION}_${index.replace(/^idx_orders_/, '')}"`;
const range = (from: string, to: string) => `FOR VALUES FROM ('${from}') TO ('${to}')`;

function endOf(months: readonly Month[], otherwise: Date): Date {
  const last = months.at(-1);
  if (!last) return otherwise;
  return new Date(Date.UTC(last.start.getUTCFullYear(), last.start.getUTCMonth() + 1));
}

function makeMonths(parent: string, owner: string, months: readonly Month[]): string[] {
  return months.flatMap((month) =>
    makePartition(
      parent,
      owner,
      month.partition,
      range(boundOf(month.start), boundOf(endOf([month], month.start))),
    ),
  );
}

function makePartition(parent: string, owner: string, name: string, values: string): string[] {
  return [`CREATE TABLE ${name} PARTITION OF ${parent} ${values}`, `ALTER TABLE ${name} OWNER TO ${owner}`];
}

function proving(table: string, rule: string): Step {
  return {
    title: 'promise the range of ids',
    brief: { lock: [`${table} IN ACCESS EXCLUSIVE MODE`] },
    sql: [
      `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${PROOF}`,
      `ALTER TABLE ${table} ADD CONSTRAINT ${PROOF} CHECK (${rule}) NOT VALID`,
    ],
  };
}

/**
 * users first, and whole: attaching a table with a key to it changes its triggers, and whoever books a fill begins with
 * a row of it. So those who wait for us hold nothing that we need, and those before us end.
 */
function locking(keys: readonly ForeignKey[]): { lock: string[] } {
  const tables = ['orders', ...new Set(keys.map(({ table }) => table))];
  return { lock: [USERS, `${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`] };
}

const dropKey = ({ table, name }: ForeignKey) => `ALTER TABLE ${table} DROP CONSTRAINT ${name}`;
/** From here on it is enforced; that rows from before obey it was so until the line above, and is validated later. */
const addKey = ({ table, name, definition }: ForeignKey) =>
  `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition} NOT VALID`;
