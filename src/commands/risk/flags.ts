import { parsed, requiredUnless } from '../../cli/flags.ts';
import { userId } from '../../domain/id.ts';

/** The user to halt or resume, unless --all is given. */
export const userUnlessAll = requiredUnless('all', parsed(userId, 'USER', 'the user'));
