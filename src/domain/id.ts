import { encodeTime, incrementBase32, ulid } from 'ulid';
import * as z from 'zod/mini';
import type { Brand } from '../util/brand.ts';
import { randomFraction } from '../util/random.ts';

export type UserId = Brand<string, 'UserId'>;
export type OrderId = Brand<string, 'OrderId'>;
export type PositionId = Brand<string, 'PositionId'>;
export type StrategyId = Brand<string, 'StrategyId'>;

const ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/;
const MAX_ID_CHARS = 50;

// What is there already may be of another program, whose ids may have spaces.
const EXISTING_ID = /^[A-Za-z0-9][A-Za-z0-9_.:-]*(?: [A-Za-z0-9_.:-]+)*$/;

const atMost = (max: number) =>
  z.refine<string>((value) => value.length <= max, { error: `must have at most ${max} characters` });

/** The text of a new id: letters, digits and `_ . : -`, at most `max` characters. */
export const idText = (max = MAX_ID_CHARS) =>
  z.string().check(atMost(max), z.regex(ID, { error: 'must be letters, digits and _ . : - only' }));

/** The text of an id that is there already: as a new one, and single spaces within. */
export const existingIdText = (max = MAX_ID_CHARS) =>
  z
    .string()
    .check(
      atMost(max),
      z.regex(EXISTING_ID, { error: 'must be letters, digits, single spaces and _ . : - only' }),
    );

const branded = <Id extends string>(text: ReturnType<typeof idText>) =>
  z.pipe(
    text,
    z.transform((id) => id as Id),
  );

export const userId = branded<UserId>(existingIdText());
export const orderId = branded<OrderId>(existingIdText());
export const positionId = branded<PositionId>(existingIdText());
export const strategyId = branded<StrategyId>(existingIdText());
export const newUserId = branded<UserId>(idText());
export const newOrderId = branded<OrderId>(idText());
export const newStrategyId = branded<StrategyId>(idText());

/** The text if it is a valid id; undefined otherwise. For files with a million of them. */
export const readId = (text: string): string | undefined =>
  text.length <= MAX_ID_CHARS && ID.test(text) ? text : undefined;

/** The type of id for each prefix; ids that cannot be confused with others are plain text. */
interface Minted {
  usr: UserId;
  ord: OrderId;
  pos: PositionId;
  fil: string;
  cor: string;
  flo: string;
  mrg: string;
  act: string;
  adp: string;
  ntf: string;
  ses: string;
  rul: string;
  hlt: string;
  lgn: string;
  ppr: string;
  cal: string;
  rte: string;
  dlv: string;
}

/** The time at the beginning of a ULID. */
const TIME_CHARS = 10;

let last = { time: -1, stamp: '', random: '' };

/**
 * A new id such as `ord_01HV…`: a ULID of the given instant, so that ids sort by time. Ids of one millisecond
 * ascend in the order of their creation, so lines of a file keep their order.
 */
export function mintId<Prefix extends keyof Minted>(prefix: Prefix, at: Date): Minted[Prefix] {
  const time = at.getTime();
  if (time === last.time) last.random = incrementBase32(last.random);
  else {
    last = { time, stamp: encodeTime(time, TIME_CHARS), random: ulid(1, randomFraction).slice(TIME_CHARS) };
  }
  return `${prefix}_${last.stamp}${last.random}` as Minted[Prefix];
}

/** How many characters a generated id has behind its prefix. */
export const ULID_CHARS = 26;
const ULID = new RegExp(`^[0-9A-HJKMNP-TV-Z]{${ULID_CHARS}}$`);

/** Whether an id has the form of those that this program mints with this prefix. */
export function isMinted(prefix: keyof Minted, id: string): boolean {
  return id.startsWith(`${prefix}_`) && ULID.test(id.slice(prefix.length + 1));
}
