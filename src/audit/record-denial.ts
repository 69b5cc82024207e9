import type { Connection } from '../platform/postgres/connect.ts';
import { isDatabaseFailure, translateFailure } from '../platform/postgres/errors.ts';
import { Failure } from '../util/failure.ts';
import type { Origin } from './log.ts';

/** Records that a change was refused or not permitted, in a separate transaction; best effort. */
export async function recordDenied(connection: Connection, origin: Origin, error: unknown): Promise<void> {
  const denial = isDatabaseFailure(error) ? translateFailure(error, 'in use') : error;
  if (!(denial instanceof Failure) || !['refused', 'forbidden'].includes(denial.kind)) return;
  const { writeAudit } = await import('./log.ts');
  const { code, message } = denial;
  const body = { command: origin.command, code, message };
  await writeAudit(
    connection.kysely,
    { ...origin, command: 'denied' },
    { target: origin.subject ?? '-', body },
  ).catch(() => {
    // A login without write permission cannot write this entry either; the refusal itself is still reported.
  });
}
