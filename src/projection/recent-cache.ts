/** The state in which each of the newest rows was shown. */
export interface RecentCache {
  get: (id: string) => string | undefined;
  set: (id: string, state: string) => void;
  /** Every row first shown after this time, in milliseconds, is remembered; 0 while all are. */
  since: () => number;
}

/** Remembers at least `capacity` of the newest rows, at most twice as many, and forgets the older ones together. */
export function createRecentCache(capacity: number, now: () => Date): RecentCache {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  let youngSince = 0;
  let oldSince = 0;
  return {
    get: (id) => young.get(id) ?? old.get(id),
    set(id, state) {
      young.set(id, state);
      if (young.size < capacity) return;
      old = young;
      young = new Map();
      oldSince = youngSince;
      youngSince = now().getTime();
    },
    since: () => oldSince,
  };
}
