import type { Control } from './types.ts';

/** A broker that answers as it should. */
export const CONTROL: Control = {
  latencyMs: 0,
  hangMs: 7_000,
  next: {},
  fates: [],
  chances: {},
  otherwise: 'rest',
  advanceOnRead: true,
  enforceLimits: false,
  cancelAtOnce: false,
  idsAsNumbers: false,
  statusAsText: false,
  marketAsLimit: false,
  echoSecrets: false,
  gatewayEnvelope: false,
  clockAheadMs: 0,
  totpWindow: 0,
  prices: {},
};

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function chanceFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
