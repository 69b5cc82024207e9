import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import { isObject, parseJson } from '../../util/json.ts';
import type { Activated } from '../risk/halts.ts';

/** An entry of the audit log that says what became of strategies. */
interface Entry {
  id: string;
  command: string;
  target: string;
  body: string;
}

/** The strategies that a halt paused, by user, and the entry that says so first; none where it paused none. */
export async function pausedByHalt(
  trx: Trx,
  haltId: string,
  target: string,
): Promise<{ paused: Activated[]; since: string }> {
  const { rows } = await sql<Entry>`
    SELECT id, command, target, body FROM audit_log
    WHERE target = ${target} AND command = ANY(${HALTS}) AND strpos(body, ${`"halt_id":"${haltId}"`}) > 0
    ORDER BY id`.execute(trx.db);
  return { paused: rows.flatMap(strategiesOf), since: rows[0]?.id ?? '0' };
}

/**
 * Of the strategies that a halt paused, those that nobody resumed, paused, stopped or activated since, nor another halt
 * paused. Their users must be locked: then nobody does.
 */
export async function stillPausedBy(
  trx: Trx,
  haltId: string,
  { paused, since }: { paused: readonly Activated[]; since: string },
): Promise<Activated[]> {
  const targets = ['all users', ...new Set(paused.map(({ user_id }) => `user ${user_id}`))];
  const { rows } = await sql<Entry>`
    SELECT id, command, target, body FROM audit_log
    WHERE target = ANY(${targets}) AND id >= ${since}::bigint AND command = ANY(${COMMANDS}) ORDER BY id`.execute(
    trx.db,
  );
  const lastBy = new Map<string, string>();
  for (const entry of rows) {
    const by = HALTS.includes(entry.command) ? haltOf(entry) : '';
    for (const each of strategiesOf(entry)) lastBy.set(keyOf(each), by);
  }
  return paused.filter((each) => lastBy.get(keyOf(each)) === haltId);
}

/** The commands that halt. */
const HALTS = ['risk flatten', 'risk halt'];

const COMMANDS = [
  ...HALTS,
  'strategy activate',
  'strategy pause',
  'strategy resume',
  'strategy stop',
  'user offboard',
];

const keyOf = ({ user_id, strategy_id }: Activated) => `${user_id}\n${strategy_id}`;

const haltOf = ({ body }: Entry): string => String(objectIn(body)['halt_id'] ?? '');

/** The strategies that an entry is about: of one user by its target, or of several by their ids. */
function strategiesOf({ target, body }: Entry): Activated[] {
  const { strategy, strategies } = objectIn(body);
  const user = target.replace(/^user /, '') as UserId;
  const listOf = (user_id: UserId, ids: unknown) =>
    Array.isArray(ids) ? ids.map((id) => ({ user_id, strategy_id: String(id) as StrategyId })) : [];
  if (isObject(strategies) && !Array.isArray(strategies))
    return Object.entries(strategies).flatMap(([id, ids]) => listOf(id as UserId, ids));
  return listOf(user, strategies ?? (strategy === undefined ? [] : [strategy]));
}

/** Another program may have written anything there. */
function objectIn(body: string): Record<string, unknown> {
  try {
    const value = parseJson(body);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
