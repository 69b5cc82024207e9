import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { refused } from '../../util/failure.ts';
import { checkInvariants } from './verify-invariants.ts';

/**
 * Runs a correction of a user's book, and throws LEDGER_INCONSISTENT if an invariant of the ledger held before and does not
 * afterwards; then the transaction must be rolled back.
 */
export async function keepInvariants<T>(trx: Trx, user: UserId, correct: () => Promise<T>): Promise<T> {
  const before = await brokenOf(trx, user);
  const result = await correct();
  const broken = [...(await brokenOf(trx, user))].find(([id]) => !before.has(id));
  if (broken)
    throw refused(
      'LEDGER_INCONSISTENT',
      `The book would not add up after this: ${broken.join(': ')}.`,
      `Nothing changed. See: pinnacle doctor ledger --user ${user}`,
    );
  return result;
}

/** The offenders of every invariant, with what is wrong of each. */
async function brokenOf(trx: Trx, user: UserId): Promise<Map<string, string>> {
  const { findings } = await checkInvariants(trx, user);
  return new Map(
    findings
      // The audit entry of this change is the last row of its transaction; days of the past are taken down again afterwards.
      .filter(({ invariant: { name, about } }) => !name.startsWith('audit_') && about !== 'snapshot')
      .flatMap(({ invariant, offenders }) =>
        offenders.map(({ id, detail }) => [`${invariant.name} ${id}`, detail] as const),
      ),
  );
}
