import type { Context } from '../../context.ts';
import { type Note, notesOf } from '../../domain/charges/levies.ts';
import { ratesOn } from '../../domain/charges/schedule.ts';
import type { UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { loadSchedule } from './load-schedule.ts';
import { readTrades, type Traded } from './read-trades.ts';

/** What a day costs its traders. */
export interface Notes {
  /** By trader, in the order of their ids. */
  notes: ReadonlyMap<UserId, readonly Note[]>;
  /** Why nothing is known of the other traders: one of their orders has no rate. */
  unrated: ReadonlyMap<UserId, string>;
  /** The name of the schedule. */
  schedule: string;
}

/** The notes of a day. Throws NO_RATE for a day of which the schedule knows nothing. */
export async function readNotes(
  ctx: Context,
  source: Source,
  traded: Traded,
  file: string | undefined,
): Promise<Notes> {
  const schedule = await loadSchedule(ctx, file);
  const { broker } = await ctx.config();
  const { trades, unknown } = await readTrades(source, traded, broker);
  const notes = new Map<UserId, readonly Note[]>();
  const unrated = new Map(unknown);
  if (trades.size + unrated.size === 0) return { notes, unrated, schedule: schedule.name };
  const rates = ratesOn(schedule, traded.day);
  for (const [user, those] of trades) {
    if (unrated.has(user)) continue;
    const found = rated(() => notesOf(those, rates));
    if (typeof found === 'string') unrated.set(user, found);
    else notes.set(user, found);
  }
  return { notes, unrated, schedule: schedule.name };
}

/** What is computed, or why there is no rate for it. */
function rated<T extends object>(compute: () => T): T | string {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Failure && error.code === 'NO_RATE') return error.message;
    throw error;
  }
}
