import { parsed } from '../../../cli/flags.ts';
import { userId } from '../../../domain/id.ts';

/** What every verb is that reads the credentials of a user. */
export const reading = {
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {},
} as const;
