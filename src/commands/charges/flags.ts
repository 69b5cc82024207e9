import { inputFile, optional } from '../../cli/flags.ts';

/** Other rates than those of the setting charges.schedule. */
export const scheduleFlag = optional(
  inputFile('a schedule of rates in JSON (default: charges.schedule, or the one of the program)'),
);
