import { usage } from '../../util/failure.ts';

/** Throws a usage error where the last of two days, YYYY-MM-DD, is before the first. */
export function requireOrder({
  since,
  until,
}: {
  since: string | undefined;
  until: string | undefined;
}): void {
  if (since !== undefined && until !== undefined && since > until)
    throw usage('--since is later than --until.');
}
