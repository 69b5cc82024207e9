import { createHash } from 'node:crypto';
import type { OrderId } from '../../domain/id.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TAG_CHARACTERS = 20;

/**
 * What the broker is given to find an order again by, at each attempt another: the first 100 bits of SHA-256 over the id
 * and the number of the attempt, in Crockford's base 32.
 */
export function orderTag(orderId: OrderId, attempt: number): string {
  const hash = createHash('sha256').update(`${orderId}\n${attempt}`).digest();
  let bits = BigInt(`0x${hash.subarray(0, 13).toString('hex')}`) >> 4n;
  let tag = '';
  while (tag.length < TAG_CHARACTERS) {
    tag = CROCKFORD[Number(bits & 31n)] + tag;
    bits >>= 5n;
  }
  return tag;
}
