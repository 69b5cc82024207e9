/** For tests of how long something takes: a busy machine has another two tries. */
export const TIMED = { retry: 2 };
