import { isObject } from '../util/json.ts';

/** JSON with the keys of every object sorted: equal values give the same text, so that it can be hashed. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Parses a stored body; returns the text itself if it is not valid JSON. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of an entry and, out of it, the milliseconds that its change had taken when it was written; null if it does not say. */
export function readBody(text: string): { body: unknown; duration_ms: number | null } {
  const body = parseBody(text);
  const took = isObject(body) && isObject(body['by']) ? body['by']['duration_ms'] : undefined;
  return { body, duration_ms: typeof took === 'number' ? took : null };
}
