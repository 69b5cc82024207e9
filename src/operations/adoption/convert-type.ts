import { type Column, unquoted } from './columns.ts';

/** How the values of a column become those of another type; every function takes a value as SQL and gives SQL. */
export interface TypeChange {
  using: (value: string) => string;
  /** The value as text that must be the same before and after, written in two ways that do not rely on `using`. */
  before: (value: string) => string;
  after: (value: string) => string;
  /** Tells of a value that it has no counterpart. */
  refuses?: { when: (value: string) => string; why: string };
  /** Tells of a value that it changes, by less than half a paisa. */
  rounds?: { when: (value: string) => string; note: string };
  note: string;
}

export interface TypeContext {
  /** The labels of each enum type there is, and of each one that there will be. */
  labels: ReadonlyMap<string, readonly string[]>;
  /** The time zone of timestamps without one; UTC unless it is named. */
  naiveZone: string | undefined;
}

const plain = (value: string) => `${value}::text`;
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/**
 * How the values of a column come to the type that it must have; `same` where they are that already, undefined where there is
 * no way.
 */
export function convertType(from: Column, to: Column, context: TypeContext): TypeChange | 'same' | undefined {
  const labels = context.labels.get(unquoted(to.type));
  if (labels && !isBuiltIn(to.type)) return toEnum(from, to, labels, context);
  if (to.type === 'timestamp without time zone') return toTimestamp(from, context.naiveZone);
  if (from.type === to.type) return 'same';
  const kind = to.type.replace(/\(.*/, '');
  if (kind === 'character varying' || kind === 'text') return toText(from, to, context);
  if (kind === 'integer') return toInteger(from);
  if (kind === 'double precision') return toFloat(from);
  if (kind === 'numeric') return toMoney(from, to.type);
  if (kind === 'boolean') return toBoolean(from);
  if (kind === 'json' || kind === 'jsonb') return toJson(from, kind);
  return undefined;
}

const isBuiltIn = (type: string) => /^(character varying|text|integer|numeric|boolean|jsonb?)\b/.test(type);
const isText = (type: string) => /^(character varying|text|character|citext|name|bpchar)\b/.test(type);
const isInteger = (type: string) => /^(smallint|integer|bigint)$/.test(type);
const isNumber = (type: string) => isInteger(type) || /^(numeric|real|double precision|money)\b/.test(type);

/** A number as numeric, with the digits that it is printed with. */
const exact = (from: Column) => (value: string) =>
  /^(real|double precision)$/.test(from.type) ? `${value}::text::numeric` : `${value}::numeric`;

function toText(from: Column, to: Column, { labels }: TypeContext): TypeChange | undefined {
  const known =
    isText(from.type) || isNumber(from.type) || from.type === 'uuid' || labels.has(unquoted(from.type));
  if (!known) return undefined;
  const length = /\((\d+)\)/.exec(to.type)?.[1];
  return {
    using: (value) => `${value}::text::${to.type}`,
    before: plain,
    after: plain,
    ...(length
      ? {
          refuses: {
            when: (value) => `length(${value}::text) > ${length}`,
            why: `longer than ${length} characters`,
          },
        }
      : {}),
    note: `${from.type} to ${to.type}`,
  };
}

function toInteger(from: Column): TypeChange | undefined {
  if (!isNumber(from.type)) return undefined;
  const number = exact(from);
  return {
    using: (value) => `${number(value)}::integer`,
    before: (value) => `trim_scale(${number(value)})::text`,
    after: plain,
    refuses: {
      when: (value) => `${number(value)} <> trunc(${number(value)}) OR abs(${number(value)}) > 2147483647`,
      why: 'no whole number, or too large for an integer',
    },
    note: `${from.type} to integer`,
  };
}

function toFloat(from: Column): TypeChange | undefined {
  if (!isNumber(from.type)) return undefined;
  const number = exact(from);
  return {
    using: (value) => `${number(value)}::text::double precision`,
    before: (value) => `round(${number(value)}, 2)::text`,
    after: (value) => `round(${value}::text::numeric, 2)::text`,
    refuses: {
      when: (value) =>
        `abs(${number(value)}::text::double precision::text::numeric - ${number(value)}) >= 0.005`,
      why: 'more digits than a double holds to the paisa',
    },
    note: `${from.type} to double precision`,
  };
}

function toMoney(from: Column, type: string): TypeChange | undefined {
  if (!isNumber(from.type)) return undefined;
  const number = exact(from);
  return {
    using: (value) => `${number(value)}::${type}`,
    before: (value) => `round(${number(value)}, 2)::text`,
    after: plain,
    refuses: {
      when: (value) => `${number(value)} = 'NaN' OR abs(round(${number(value)}, 2)) >= 10000000000000`,
      why: `no amount of ${type}`,
    },
    rounds: {
      when: (value) => `round(${number(value)}, 2) <> ${number(value)}`,
      note: 'rounded to the paisa',
    },
    note: `${from.type} to ${type}`,
  };
}

function toBoolean(from: Column): TypeChange | undefined {
  if (isInteger(from.type))
    return {
      using: (value) => `(${value} <> 0)`,
      before: (value) => `CASE ${value} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END`,
      after: plain,
      refuses: { when: (value) => `${value} NOT IN (0, 1)`, why: 'neither 0 nor 1' },
      note: `${from.type} to boolean`,
    };
  if (!isText(from.type)) return undefined;
  const words = "('true', 't', 'yes', 'y', '1', 'on', 'false', 'f', 'no', 'n', '0', 'off')";
  return {
    using: (value) => `${value}::text::boolean`,
    before: (value) =>
      `CASE WHEN lower(${value}::text) IN ('true', 't', 'yes', 'y', '1', 'on') THEN 'true' ELSE 'false' END`,
    after: plain,
    refuses: { when: (value) => `lower(${value}::text) NOT IN ${words}`, why: 'neither true nor false' },
    note: `${from.type} to boolean`,
  };
}

function toTimestamp(from: Column, naiveZone: string | undefined): TypeChange | 'same' | undefined {
  if (/^timestamp(\(\d\))? with time zone$/.test(from.type))
    return {
      using: (value) => `(${value} AT TIME ZONE 'UTC')`,
      before: (value) => `extract(epoch FROM ${value})::text`,
      after: (value) => `extract(epoch FROM ${value} AT TIME ZONE 'UTC')::text`,
      note: `${from.type} to timestamp in UTC`,
    };
  if (!/^timestamp(\(\d\))? without time zone$/.test(from.type)) return undefined;
  if (naiveZone === undefined || naiveZone === 'UTC')
    return from.type === 'timestamp without time zone'
      ? 'same'
      : { using: (value) => value, before: plain, after: plain, note: `${from.type} to timestamp` };
  return {
    using: (value) => `(${value} AT TIME ZONE ${literal(naiveZone)} AT TIME ZONE 'UTC')`,
    before: (value) => `extract(epoch FROM ${value} AT TIME ZONE ${literal(naiveZone)})::text`,
    after: (value) => `extract(epoch FROM ${value} AT TIME ZONE 'UTC')::text`,
    note: `times of ${naiveZone} to UTC`,
  };
}

function toJson(from: Column, to: 'json' | 'jsonb'): TypeChange | undefined {
  const isArray = from.type.endsWith('[]');
  if (!isText(from.type) && !/^jsonb?$/.test(from.type) && !isArray) return undefined;
  return {
    using: (value) => (isArray ? `to_${to}(${value})` : `${value}::text::${to}`),
    before: (value) => (isArray ? `to_jsonb(${value})::text` : `${value}::text::jsonb::text`),
    after: (value) => `${value}::jsonb::text`,
    ...(isText(from.type)
      ? { refuses: { when: (value) => `${value}::text !~ '^\\s*[[{]'`, why: 'no JSON array or object' } }
      : {}),
    note: `${from.type} to ${to}`,
  };
}

function toEnum(from: Column, to: Column, labels: readonly string[], context: TypeContext) {
  if (from.type === to.type) return 'same';
  if (!isText(from.type) && !context.labels.has(unquoted(from.type))) return undefined;
  const label = (value: string) => `upper(btrim(${value}::text))`;
  return {
    using: (value: string) => `${label(value)}::${to.type}`,
    before: label,
    after: plain,
    refuses: {
      when: (value: string) => `${label(value)} NOT IN (${labels.map(literal).join(', ')})`,
      why: `none of ${labels.join(', ')}`,
    },
    note: `${from.type} to the type ${to.type}`,
  };
}
