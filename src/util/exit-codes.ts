/** Exit codes by kind of failure; `pinnacle help exit-codes` prints this table. */
export const EXITS = {
  failure: [1, 'unexpected failure'],
  usage: [2, 'usage or validation: nothing was done'],
  notFound: [3, 'the named thing does not exist'],
  needsAnswer: [4, 'needs a confirmation and may not ask'],
  refused: [5, 'refused by a rule: state, limit, conflict, halt'],
  found: [6, 'ran, and found something'],
  unreachable: [7, 'backend unreachable: nothing changed, safe to retry'],
  pending: [8, 'committed, Redis projection pending'],
  unknown: [9, 'outcome unknown'],
  busy: [10, 'locked or already running: try again'],
  integrity: [11, 'key or secret integrity'],
  forbidden: [12, 'not permitted'],
  output: [74, 'output failed'],
  config: [78, 'configuration invalid'],
  interrupted: [130, 'interrupted'],
  terminated: [143, 'terminated'],
} as const satisfies Record<string, readonly [number, string]>;

export type FailureKind = keyof typeof EXITS;
