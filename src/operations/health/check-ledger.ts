import type { UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { verifyInvariants } from '../../trading/ledger/verify-invariants.ts';
import { pluralize } from '../../util/text.ts';
import { readSchemaSettings } from '../schema/settings.ts';

/** A line of the check: an invariant that holds, rows of other programs, or a record that is damaged. */
interface CheckedRow extends Record<string, unknown> {
  check: string;
  state: 'ok' | 'foreign' | 'fail';
  id: string | null;
  detail: string;
}

/**
 * Verifies every invariant of the book, of one user or of all. On a schema that is shared, unless `strict`, rows that other
 * programs wrote are summed up for each invariant and are no damage. `size` says how much was verified.
 */
export async function checkLedger(source: Source, user: UserId | undefined, strict: boolean) {
  const tell = !strict && (await readSchemaSettings(source.db)).mode === 'shared';
  const { findings, size } = await verifyInvariants(source, user, tell);
  const adopt = `pinnacle ledger adopt ${user === undefined ? '--all' : `--user ${user}`}`;
  const rows = findings.flatMap(({ invariant, offenders, total, foreign }): CheckedRow[] => {
    const { name: check, holds } = invariant;
    const more = total - offenders.length;
    const found: CheckedRow[] = [
      ...offenders.map(({ id, detail }) => ({ check, state: 'fail' as const, id, detail })),
      ...(more > 0 ? [{ check, state: 'fail' as const, id: null, detail: `and ${more} more` }] : []),
    ];
    const { newest } = foreign;
    const elsewhere: CheckedRow[] = newest
      ? [
          {
            check,
            state: 'foreign',
            id: newest.id,
            detail: `${pluralize(foreign.total, 'row')} of other programs, the newest: ${newest.detail}. Take over: ${adopt}`,
          },
        ]
      : [];
    const rows = [...found, ...elsewhere];
    return rows.length > 0 ? rows : [{ check, state: 'ok', id: null, detail: holds }];
  });
  return { rows, size };
}
