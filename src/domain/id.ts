import { encodeTime, incrementBase32, ulid } from 'ulid';
import { randomFraction } from '../util/random.ts';

export type IdPrefix = 'usr' | 'ord' | 'pos' | 'fil' | 'ntf' | 'ses' | 'rul' | 'hlt' | 'lgn';

let last = { time: -1, random: '' };

/**
 * A new id such as `ord_01HV…`: a ULID of the given instant, so that ids sort by time. Ids of one millisecond
 * ascend in the order they are minted here, so lines of a file keep their order.
 */
export function mintId(prefix: IdPrefix, at: Date): string {
  const time = at.getTime();
  const random = time === last.time ? incrementBase32(last.random) : ulid(time, randomFraction).slice(10);
  last = { time, random };
  return `${prefix}_${encodeTime(time, 10)}${random}`;
}
