import { randomFillSync } from 'node:crypto';

// Drawn a few thousand bytes at a time: an id takes sixteen, and a system call for each would dominate the cost.
const pool = new Uint8Array(4_096);
let drawn = pool.length;

/** A random number from 0 up to, not including, 1, in steps of 1/256. */
export function randomFraction(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  return (pool[drawn++] ?? 0) / 256;
}
