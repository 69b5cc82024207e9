import type { Verbs } from '../cli/command.ts';

export const verbs: Verbs = {};
