import { optional, parsed, toggle } from '../../cli/flags.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';

/** The argument and the flag of verbs about one trader or all. */
export const oneOrAll = {
  args: { user: optional(parsed(userId, 'USER', 'one trader')) },
  flags: { all: toggle('every trader who has a client code; on paper and with files, every user') },
} as const;

/** The trader that is named, or undefined for all. Throws a usage error for neither and for both. */
export function chosenTrader({ user, all }: { user: UserId | undefined; all: boolean }): UserId | undefined {
  if (user === undefined && !all) throw usage('Name a trader, or take all of them with --all.');
  if (user !== undefined && all) throw usage('Name a trader or take all of them, not both.');
  return user;
}
