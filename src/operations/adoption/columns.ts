import type { CatalogEntry } from '../migrations/catalog.ts';

/** The tables of the document in the order of their foreign keys, each with the column that names a row. */
export const KEYS = {
  users: 'user_id',
  strategies: 'strategy_id',
  orders: 'order_id',
  user_strategies: 'user_id',
  positions: 'position_id',
  notifications: 'notification_id',
  trading_sessions: 'session_id',
  risk_rules: 'rule_id',
} as const;

export const DOCUMENT_TABLES = Object.keys(KEYS) as (keyof typeof KEYS)[];

/** A column as a catalog describes it, in parts. */
export interface Column {
  table: string;
  name: string;
  /** As PostgreSQL prints it: `character varying(50)`. */
  type: string;
  collation: string | undefined;
  notNull: boolean;
  /** The expression of the default, as PostgreSQL prints it. */
  default: string | undefined;
  identity: boolean;
  generated: boolean;
}

const DEFINITION =
  /^(?<type>.*?)(?: COLLATE (?<collation>\S+))?(?<notNull> NOT NULL)?(?: NOT VALID)?(?<identity> GENERATED (?:ALWAYS|BY DEFAULT) AS IDENTITY)?(?: (?<kind>DEFAULT|GENERATED AS) (?<expression>.*))?$/s;

/** The columns of a table in a catalog, by name. */
export function columnsOf(catalog: readonly CatalogEntry[], table: string): Map<string, Column> {
  const columns = catalog
    .filter(({ kind, owner }) => kind === 'column' && owner === table)
    .map((entry) => parseColumn(entry));
  return new Map(columns.map((column) => [column.name, column]));
}

function parseColumn({ owner, object, definition }: CatalogEntry): Column {
  const parts = DEFINITION.exec(definition)?.groups ?? {};
  const { type = definition, collation, notNull, identity, kind, expression } = parts;
  return {
    table: owner,
    name: object.slice(owner.length + 1),
    type,
    collation,
    notNull: notNull !== undefined,
    default: kind === 'DEFAULT' ? expression : undefined,
    identity: identity !== undefined,
    generated: kind === 'GENERATED AS',
  };
}

/** The labels of the enum types of a catalog, in their order, by the name of the type. */
export function labelsOf(catalog: readonly CatalogEntry[]): Map<string, string[]> {
  const enums = catalog.filter(({ kind }) => kind === 'enum');
  return new Map(
    enums.map(({ owner, definition }) => [
      owner,
      [...definition.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = '']) => label.replaceAll("''", "'")),
    ]),
  );
}

/** The name of a type without the quotes that PostgreSQL prints around some. */
export const unquoted = (type: string) => type.replace(/^"(.*)"$/, '$1').replaceAll('""', '"');
