/** What was shown last: of the newest things, a word each. */
export interface RecentCache {
  get: (id: string) => string | undefined;
  set: (id: string, word: string) => void;
  /** Everything first noted after this time, in milliseconds, is remembered; 0 while all is. */
  since: () => number;
}

/** Remembers at least so many of the newest things, at most twice as many, and forgets the older ones together. */
export function createRecentCache(many: number, now: () => Date): RecentCache {
  let [young, old] = [new Map<string, string>(), new Map<string, string>()];
  let [youngSince, oldSince] = [0, 0];
  return {
    get: (id) => young.get(id) ?? old.get(id),
    set(id, word) {
      young.set(id, word);
      if (young.size < many) return;
      [old, young] = [young, new Map()];
      [oldSince, youngSince] = [youngSince, now().getTime()];
    },
    since: () => oldSince,
  };
}
