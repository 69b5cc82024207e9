import { sql } from 'kysely';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { LEVIES, type Levy } from '../../domain/charges/schedule.ts';
import type { UserId } from '../../domain/id.ts';
import { addMoney, Decimal, negated, type Rupees, sumOfMoney, toPaisa } from '../../domain/money.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { notFound } from '../../util/failure.ts';
import { readBooked } from './booked.ts';
import { type ContractNote, readContractNotes } from './read-contract-note.ts';
import { readNotes } from './read-notes.ts';

/** A levy of a contract note, or what its levies come to, beside what is computed and booked here. Rupees. */
interface ComparedRow {
  day: string;
  user_id: UserId;
  exchange: string | null;
  levy: Levy | 'total';
  /** From the fills, by the schedule. */
  computed: Rupees | null;
  /** By the note. */
  billed: Rupees | null;
  /** What is billed beyond what is computed. */
  excess: Rupees | null;
  /** Of a total: of the day, with what is billed apart from the note. */
  booked: Rupees | null;
  /** Why there is nothing to compare. */
  reason: string | null;
}

interface Comparison {
  path: string;
  user: UserId | undefined;
  /** Rupees by which a levy may differ. */
  tolerance: number;
  schedule: string | undefined;
}

/**
 * Compares contract notes in a file with what their days cost by the schedule; a finding where a levy differs by more than the
 * tolerance, or cannot be compared. Throws USER_NOT_FOUND, NO_RATE, and a usage error for a file that is none.
 */
export async function compareNotes(ctx: Context, { path, user, tolerance, schedule }: Comparison) {
  const theirs = await readContractNotes(path, user, ctx);
  const source = await ctx.source();
  const users = [...new Set(theirs.map(({ user_id }) => user_id))];
  await requireUsers(source, users);
  const rows: ComparedRow[] = [];
  for (const day of [...new Set(theirs.map((note) => note.day))]) {
    ctx.signal.throwIfAborted();
    const ofDay = theirs.filter((note) => note.day === day);
    rows.push(...(await compareDay(ctx, source, day, ofDay, schedule)));
  }
  const isFound = ({ excess, reason }: ComparedRow) =>
    reason !== null || new Decimal(excess ?? 0).abs().gt(tolerance);
  const byLevy = rows.filter(({ levy }) => levy !== 'total');
  return byLevy.some(isFound) ? new Finding(rows) : rows;
}

async function requireUsers({ db }: Source, users: readonly UserId[]): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM unnest(${users}::text[]) AS given(id) WHERE NOT EXISTS (SELECT FROM users WHERE user_id = id) LIMIT 1`.execute(
    db,
  );
  if (rows[0]) throw notFound('user', rows[0].id, 'See: pinnacle user list');
}

async function compareDay(
  ctx: Context,
  source: Source,
  day: string,
  theirs: readonly ContractNote[],
  schedule: string | undefined,
): Promise<ComparedRow[]> {
  const user = new Set(theirs.map(({ user_id }) => user_id)).size === 1 ? theirs[0]?.user_id : undefined;
  const { notes, unrated } = await readNotes(ctx, source, { day, user }, schedule);
  const booked = await readBooked(source, { day, user });
  return theirs.flatMap((note) => {
    const { user_id, exchange } = note;
    const ours = (notes.get(user_id) ?? []).filter((each) => (exchange ?? each.exchange) === each.exchange);
    const why = unrated.get(user_id) ?? (ours.length === 0 ? 'nothing was executed on that day' : null);
    const of = (levy: Levy): Rupees | null =>
      why !== null
        ? null
        : sumOfMoney(
            ours
              .flatMap(({ charges }) => charges.filter((each) => each.levy === levy))
              .map(({ amount }) => toPaisa(amount)),
          );
    const levies = LEVIES.map((levy) => levyRow(note, levy, of(levy), why)).filter((row) => row !== null);
    const exchanges = booked.keys.filter(([owner]) => owner === user_id).map(([, at]) => at);
    const paid = exchanges
      .filter((at) => (exchange ?? at) === at)
      .map((at) => negated(booked.sum(user_id, at)));
    return [...levies, totalRow(note, levies, sumOfMoney(paid), why)];
  });
}

/** A levy that both have or one of both; null where it is nothing, and for dp, which is billed apart, where the note has none. */
function levyRow(
  { day, user_id, exchange, levies }: ContractNote,
  levy: Levy,
  computed: Rupees | null,
  why: string | null,
): ComparedRow | null {
  const billed = levies.get(levy) ?? null;
  if (billed === null && (levy === 'dp' || computed === null || Number(computed) === 0)) return null;
  const excess = computed === null || billed === null ? null : addMoney(billed, negated(computed));
  const reason = why ?? (billed === null ? 'the note does not have it' : null);
  return { day, user_id, exchange, levy, computed, billed, excess, booked: null, reason };
}

function totalRow(
  { day, user_id, exchange }: ContractNote,
  levies: readonly ComparedRow[],
  booked: Rupees,
  reason: string | null,
): ComparedRow {
  const sumOf = (side: 'computed' | 'billed') => sumOfMoney(levies.flatMap((row) => row[side] ?? []));
  const billed = sumOf('billed');
  const computed = reason === null ? sumOf('computed') : null;
  const excess = computed === null ? null : addMoney(billed, negated(computed));
  return { day, user_id, exchange, levy: 'total', computed, billed, excess, booked, reason };
}
