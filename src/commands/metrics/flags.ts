import { choice, optional } from '../../cli/flags.ts';

/** The flags of both verbs. */
export const metricsFlags = {
  by: optional(choice(['user'], 'WHAT', 'also series of traders, by their ids: of at most 250')),
};
