import type { Found } from './result.ts';
import type { Row } from './rows.ts';

/** What a command gave the first time it was run under its --idempotency-key, and when (UTC). */
export interface Earlier {
  result: Row | readonly Row[] | Found;
  at: string;
}

/** Thrown out of a change that another process has made meanwhile under the same key. */
export class DoneBefore extends Error {
  readonly earlier: Earlier;
  constructor(earlier: Earlier) {
    super('done before');
    this.earlier = earlier;
  }
}
