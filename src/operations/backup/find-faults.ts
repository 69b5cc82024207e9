import type { Kysely } from 'kysely';
import { checkLog } from '../../audit/verify-chain.ts';
import type { Context } from '../../context.ts';
import { isDisconnect } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { readSchema } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { checkInvariants } from '../../trading/ledger/verify-invariants.ts';
import { readSchemaSettings } from '../schema/settings.ts';
import type { Fault } from './manifest.ts';

/** A fault with the first row that shows it. */
export interface FoundFault extends Fault {
  detail: string;
}

/**
 * What is wrong with the book and the audit log as of the snapshot of a transaction: the checks of doctor ledger and audit
 * verify, without the anchor, which holds checkpoints that a backup cannot have. A check that cannot be run is a fault itself,
 * because it must not keep a book from being backed up.
 */
export async function findFaults(ctx: Context, trx: Kysely<Database>): Promise<FoundFault[]> {
  return [
    ...(await anyway(ctx, trx, 'ledger', () => findInLedger(trx))),
    ...(await anyway(ctx, trx, 'audit log', () => findInLog(ctx, trx))),
  ];
}

async function anyway(
  ctx: Context,
  trx: Kysely<Database>,
  check: Fault['check'],
  find: () => Promise<Omit<FoundFault, 'check'>[]>,
): Promise<FoundFault[]> {
  await execute(trx, 'SAVEPOINT checking');
  try {
    return (await find()).map((fault) => ({ check, ...fault }));
  } catch (error) {
    if (isDisconnect(error) || ctx.signal.aborted) throw error;
    await execute(trx, 'ROLLBACK TO SAVEPOINT checking');
    return [{ check, name: 'not checked', total: 1, detail: 'the check could not be run' }];
  }
}

async function findInLedger(trx: Kysely<Database>) {
  const tell = (await readSchemaSettings(trx)).mode === 'shared';
  const { findings } = await checkInvariants({ db: trx, ...(await readSchema(trx)) }, undefined, tell);
  return findings
    .filter(({ total }) => total > 0)
    .map(({ invariant: { name }, offenders: [first], total }) => ({
      ...{ name, total, detail: `${first?.id} ${first?.detail}` },
    }));
}

async function findInLog(ctx: Context, trx: Kysely<Database>) {
  const { signingKeyFile: signingKey } = (await ctx.config()).audit;
  const sources = { anchor: undefined, publicKey: undefined, signingKey, uid: ctx.own.uid };
  const { offenders } = await checkLog(trx, sources, () => {});
  return [...new Set(offenders.map(({ problem }) => problem))].map((name) => {
    const same = offenders.filter(({ problem }) => problem === name);
    return { name, total: same.length, detail: `entry ${same[0]?.id}: ${same[0]?.detail}` };
  });
}
