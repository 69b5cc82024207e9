import type { RedisConnection } from './connect.ts';
import { errorCodeOf } from './errors.ts';

/** Whether this program wrote a text, by what follows the name in its key. */
export type Wrote = (id: string, text: string) => boolean;

/** Recognizes JSON with these fields in their order. */
export const withFields =
  (fields: readonly string[]): Wrote =>
  (_id, text) => {
    try {
      return String(Object.keys(JSON.parse(text))) === String(fields);
    } catch {
      return false;
    }
  };

/** Which of the keys `name:id` of these ids hold what this program wrote. */
export async function ownIds(
  { client, keys }: RedisConnection,
  name: string,
  ids: readonly string[],
  wrote: Wrote,
): Promise<Set<string>> {
  const texts = await Promise.all(ids.map((id) => unlessOtherType(client.get(keys.named(name, id)), null)));
  return new Set(ids.filter((id, i) => wrote(id, texts[i] ?? '')));
}

/** A value of Redis, or another one if the key holds what has another type. */
export async function unlessOtherType<T, U>(value: Promise<T>, otherwise: U): Promise<T | U> {
  return value.catch((error) => {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    return otherwise;
  });
}
