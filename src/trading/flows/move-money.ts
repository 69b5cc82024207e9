import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { formatRupees, negated, type Rupees } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refused, usage } from '../../util/failure.ts';
import { bookFlows, type Flow, type NewFlow } from '../ledger/book-flows.ts';
import { tradingDate } from '../trading-day.ts';
import { lockUser, type User } from '../users/store.ts';
import { beyondFree, type FreeCapital, readFreeCapital } from './free-capital.ts';
import { findBooked } from './store.ts';

/** Money that a user pays in or takes out. */
export interface Movement {
  user: UserId;
  /** Above zero. */
  amount: Rupees;
  /** The trading day, YYYY-MM-DD; today if it is not given. */
  day: string | undefined;
  reference: string | undefined;
  reason: string | undefined;
}

/**
 * Books money that a user paid in; under a reference once: the same again changes nothing. Throws FLOW_CONFLICT, FLOW_REVERSED,
 * CAPITAL_LIMIT, PHASE_NEEDED, and a usage error for a day that is still to come.
 */
export const deposit = (ctx: Context, movement: Movement) =>
  moveMoney(ctx, movement, { kind: 'deposit', amount: movement.amount }, async () => ({}));

/** Books money that a user takes out, in the same way. Throws also FREE_CAPITAL where it is more than is free, unless `force`. */
export const withdraw = (ctx: Context, movement: Movement, force: boolean) =>
  moveMoney(
    ctx,
    movement,
    { kind: 'withdrawal', amount: negated(movement.amount) },
    async (trx): Promise<{ forced?: FreeCapital }> => {
      const free = await readFreeCapital(trx, movement.user);
      if (Number(movement.amount) <= Number(free.free)) return {};
      if (!force) throw beyondFree(movement.user, movement.amount, free);
      return { forced: free };
    },
  );

type Moved = Flow & Pick<User, 'total_capital'>;

async function moveMoney(
  ctx: Context,
  { user, day, reference, reason }: Movement,
  flow: Pick<NewFlow, 'kind' | 'amount'>,
  admit: (trx: Trx) => Promise<object>,
): Promise<Moved> {
  let isKnown = false;
  const moved = await ctx.change<Moved>(async (trx) => {
    needStep(trx, FLOWS_SINCE_STEP);
    const { total_capital } = await lockUser(trx, user);
    const today = await tradingDate(trx);
    if (day !== undefined) refuseFuture(day, today);
    const known =
      reference === undefined ? undefined : await findKnown(trx, user, { ...flow, reference, day });
    isKnown = known !== undefined;
    if (known) return unchanged({ ...known, total_capital });
    const evidence = await admit(trx);
    const [booked] = await bookFlows(
      trx,
      [{ ...flow, user_id: user, day: day ?? today, reference, reason }],
      ctx.now(),
    );
    if (!booked) throw new Error('a flow that was just booked is there');
    return changed(booked, auditTarget('user', user), { flow: booked, ...evidence });
  });
  if (isKnown)
    await ctx.io.say(
      `The ${moved.kind} ${moved.reference} is already booked, on ${moved.day}; nothing changed.`,
    );
  return moved;
}

/** Throws a usage error that names the flag for a day after today, both YYYY-MM-DD. */
export function refuseFuture(day: string, today: string, flag = '--day'): void {
  if (day > today) throw usage(`${flag} ${day} is still to come: today is ${today}.`);
}

/** The flow that is booked under a reference, if it is the same. Throws FLOW_CONFLICT or FLOW_REVERSED. */
async function findKnown(
  trx: Trx,
  user: UserId,
  {
    kind,
    amount,
    reference,
    day,
  }: Pick<NewFlow, 'kind' | 'amount'> & { reference: string; day: string | undefined },
): Promise<Flow | undefined> {
  const known = await findBooked(trx.db, user, kind, reference);
  if (!known) return undefined;
  const { flow, reversal } = known;
  if (reversal !== null)
    throw refused(
      'FLOW_REVERSED',
      `The ${kind} ${reference} of ${user} was countered by ${reversal}, and is not booked again.`,
      anotherReference(user, kind),
    );
  if (flow.amount === amount && (day ?? flow.day) === flow.day) return flow;
  throw refused(
    'FLOW_CONFLICT',
    `The ${kind} ${reference} of ${user} is booked with other data: ${formatRupees(flow.amount)} on ${flow.day}.`,
    anotherReference(user, kind),
  );
}

const anotherReference = (user: UserId, kind: NewFlow['kind']) =>
  `Another one needs a reference of its own. What is booked: pinnacle user flows ${user} --kind ${kind}`;
