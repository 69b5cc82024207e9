import type { OutboxKind } from '../../audit/outbox.ts';
import type { RedisPurpose } from '../../platform/config/redis-settings.ts';
import { halt } from './halt.ts';
import type { Kind, ProjectedTable } from './kind.ts';
import { notification } from './notification.ts';
import { order } from './order.ts';
import { quote } from './quote.ts';
import { session } from './session.ts';

const ALL = [quote, order, session, notification, halt] as const;

/** Every kind, in the order of `retention plan`. */
export const KINDS: readonly Kind[] = ALL;

/** A kind that is projected from a table. */
export type ProjectedKind = Kind & { source: ProjectedTable };

/** The kinds whose tables a database of this phase has, or of any. */
export function projectedKinds(phase = Number.POSITIVE_INFINITY): ProjectedKind[] {
  return KINDS.filter(
    (kind): kind is ProjectedKind => kind.source !== undefined && kind.source.phase <= phase,
  );
}

type Names<K> = K extends { outbox: infer O } ? keyof O : never;

/** The kind that an entry of the outbox belongs to. Does not compile while a kind is missing from the list above. */
export const KIND_OF_ENTRY = Object.fromEntries(
  KINDS.flatMap((kind) => Object.keys(kind.outbox).map((name) => [name, kind])),
) as Record<Names<(typeof ALL)[number]>, Kind> satisfies Record<OutboxKind, Kind>;

/** The kinds of entries that go to the Redis of a purpose. */
export const entriesFor = (purpose: RedisPurpose): OutboxKind[] =>
  (Object.keys(KIND_OF_ENTRY) as OutboxKind[]).filter((name) => KIND_OF_ENTRY[name].purpose === purpose);
