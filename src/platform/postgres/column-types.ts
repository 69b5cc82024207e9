import type { ColumnType, Generated } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';

/** How the values of columns come from the driver and go to it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** RFC 3339 with Z, in and out. Only Z will do: PostgreSQL drops an offset such as +05:30 without converting. */
export type Timestamp = ColumnType<Instant, Instant, Instant>;
export type GeneratedTimestamp = Generated<Instant>;
/** numeric(15,2) with a default: decimal text, because a double does not hold every amount. */
export type GeneratedMoney = Generated<Rupees>;
/** Parsed when read; written as the text of `JSON.stringify`. */
export type JsonColumn = ColumnType<Json, string, string>;
export type GeneratedJson = ColumnType<Json, string | undefined, string>;
