import type { PositionId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { shellWord } from '../../util/text.ts';
import { openRenaming } from '../symbols/renaming.ts';
import { accountOf, findActedTargets, type Holder } from './holders.ts';
import type { Step } from './step.ts';

/**
 * Why positions of a step that moves them cannot be moved before a person did something, by id: those that a later action moved, those
 * whose account has the other shares of this step, or of a later one, already, and accounts that hold the share under two names.
 */
export async function findLeft(
  source: Source,
  step: Step,
  holders: readonly Holder[],
): Promise<Map<PositionId, string>> {
  const left = new Map(
    holders.flatMap(({ position_id, acted }): [PositionId, string][] =>
      acted === null ? [] : [[position_id, comesAfter(acted, position_id)]],
    ),
  );
  const { new_symbol } = step.lead;
  if (new_symbol === null || holders.length === 0) return left;
  const targets = await findActedTargets(source, new_symbol, step, holders);
  const booked = new Map(targets.map((each) => [each.account, isBooked(each, step)]));
  const { meaningOf } = await openRenaming(source);
  for (const own of accountsOf(holders)) {
    const [first] = own;
    const old = own.length > 1 ? own.find(({ symbol }) => meaningOf(symbol) !== symbol) : undefined;
    const why = old ? isTwofold(own, old) : booked.get(accountOf(first));
    if (why) for (const { position_id } of own) left.set(position_id, why);
  }
  return left;
}

function accountsOf(holders: readonly Holder[]): Iterable<[Holder, ...Holder[]]> {
  const accounts = new Map<string, [Holder, ...Holder[]]>();
  for (const each of holders) {
    const known = accounts.get(accountOf(each));
    if (known) known.push(each);
    else accounts.set(accountOf(each), [each]);
  }
  return accounts.values();
}

const reversing = (id: string) => `pinnacle corporate-action reverse ${id} --reason "to be corrected"`;

const comesAfter = (actionId: string, positionId: string): string =>
  `${actionId}, which comes after this action, is booked on ${positionId}; reverse it, apply both in their order: ${reversing(actionId)}`;

const isBooked = (
  { position_id, action_id }: { position_id: string; action_id: string },
  { lead }: Step,
): string =>
  action_id === lead.action_id
    ? `${position_id} in ${lead.new_symbol} has shares of this action already; take the executions back that came since, reverse the action, book them and apply it anew: ${reversing(action_id)}`
    : comesAfter(action_id, position_id);

const isTwofold = (own: readonly Holder[], { symbol, user_id }: Holder): string =>
  `the account holds the share as ${own.map((each) => each.symbol).join(' and as ')}; merge them first: pinnacle position merge-symbol ${shellWord(symbol)} --user ${shellWord(user_id)}`;
