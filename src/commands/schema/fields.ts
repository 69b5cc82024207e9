import { choice, optional } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';

/** A statement of a change of the schema. */
export const changeFields = {
  object: { type: 'text' },
  change: { type: 'text' },
  sql: { type: 'text' },
} as const satisfies Fields;

const ON_OFF = ['on', 'off'] as const;

/** The triggers for other writers. */
export const triggerFlags = {
  recordWrites: optional(
    choice(ON_OFF, 'ON|OFF', 'whether triggers record what other programs write (default: on)'),
  ),
  holdEntries: optional(
    choice(
      ON_OFF,
      'ON|OFF',
      'whether the database refuses entries of other programs while trading is halted (default: on in strict mode)',
    ),
  ),
};
