/** What to do to a list, in this order. */
export interface ListSteps {
  /** Ids to take out, wherever and however often they stand. */
  remove: string[];
  /** Ids to push to the front, the newest last. */
  front: string[];
  /** Ids to insert, each behind one that stands there. */
  behind: { id: string; pivot: string }[];
  /** Ids to append. */
  back: string[];
}

/** A list that is shared with other services, as it should be. */
export interface MergedList {
  members: string[];
  steps: ListSteps;
  /** Whether ids of others are in it. */
  isShared: boolean;
}

/** How many places of a list are ours to fill; services cut their lists there. */
export const MAX_LISTED_IDS = 100;

/**
 * Brings the ids of ours in a list to those that are due, newest first, and leaves each id of others at its place: new ones come to
 * the front, as services push theirs, and ours leave it beyond place 100, where services cut it. Ours that others have cut off
 * do not come back while ids of others are in the list: there `fresh` ones are pushed, and what room is left is filled. `isOwn`
 * is asked of ids that are held and not due.
 */
export function mergeList(
  held: readonly string[],
  due: readonly string[],
  isOwn: (id: string) => boolean,
  fresh: readonly string[] = [],
): MergedList {
  const places = new Map(due.map((id, place) => [id, place]));
  const isOurs = (id: string) => places.has(id) || isOwn(id);
  const isShared = held.some((id) => !isOurs(id));
  const kept = keptOf(held, places);
  const first = due.findIndex((id) => kept.has(id));
  const last = due.findLastIndex((id) => kept.has(id));
  const missing = due.map((id, place) => ({ id, place })).filter(({ id }) => !kept.has(id));
  const ids = (some: typeof missing) => some.map(({ id }) => id);
  const stays = held.filter((id) => !isOurs(id) || kept.has(id));
  const room = MAX_LISTED_IDS - stays.length;
  const isNew = ({ id, place }: (typeof missing)[number]) =>
    first < 0 ? place < room || fresh.includes(id) : place < first;
  const front = ids(missing.filter(isNew)).reverse();
  const between = missing.filter(({ place }) => place > first && place < last);
  const behind = between.map(({ id, place }) => ({ id, pivot: due[place - 1] ?? '' }));
  const back = isShared || first < 0 ? [] : ids(missing.filter(({ place }) => place > last));
  const remove = [...new Set(held.filter((id) => isOurs(id) && !kept.has(id)))];
  const all = applied(stays, { front, behind, back });
  const cut = new Set(all.filter((id, place) => place >= MAX_LISTED_IDS && isOurs(id)));
  const isLeft = (id: string) => !cut.has(id);
  return {
    members: all.filter(isLeft),
    steps: {
      remove: [...remove, ...[...cut].filter((id) => kept.has(id))],
      front: front.filter(isLeft),
      behind: behind.filter(({ id }) => isLeft(id)),
      back: back.filter(isLeft),
    },
    isShared,
  };
}

/** The ids that are due and stand once in the list, in their order. */
function keptOf(held: readonly string[], places: ReadonlyMap<string, number>): Set<string> {
  const times = new Map<string, number>();
  for (const id of held) times.set(id, (times.get(id) ?? 0) + 1);
  const kept = new Set<string>();
  let last = -1;
  for (const id of held) {
    const place = places.get(id) ?? -1;
    if (place <= last || times.get(id) !== 1) continue;
    kept.add(id);
    last = place;
  }
  return kept;
}

function applied(
  held: readonly string[],
  { front, behind, back }: Pick<ListSteps, 'front' | 'behind' | 'back'>,
): string[] {
  const all = [...front.toReversed(), ...held, ...back];
  for (const { id, pivot } of behind) all.splice(all.indexOf(pivot) + 1, 0, id);
  return all;
}
