/** What moves the capital of a user beside executions. */
export const FLOW_KINDS = ['deposit', 'withdrawal', 'charge', 'dividend', 'correction'] as const;
export type FlowKind = (typeof FLOW_KINDS)[number];
