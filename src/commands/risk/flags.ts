import { parsed, requiredUnless } from '../../cli/flags.ts';
import { userId } from '../../domain/id.ts';

/** The user that a halt is about, unless it is about everyone. */
export const userUnlessAll = requiredUnless('all', parsed(userId, 'USER', 'the user'));
