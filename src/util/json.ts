const MAX_BYTES = 65_536;
const MAX_DEPTH = 32;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON from outside: at most 64 KiB, 32 levels deep, without keys that would reach into objects' prototypes.
 * Throws RangeError that says what is wrong, without echoing the text.
 */
export function parseJson(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new RangeError('must have at most 64 KiB');
  // Measured before parsing: JSON.parse itself survives any depth, what walks its result may not.
  if (depthOf(text) > MAX_DEPTH) throw new RangeError(`must not be nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''), (key, value: unknown) => {
      if (FORBIDDEN.has(key)) throw new RangeError(`must not have a key ${key}`);
      return value;
    });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new RangeError('must be valid JSON');
  }
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === '[' || char === '{')) deepest = Math.max(deepest, ++depth);
    else if (!quoted && (char === ']' || char === '}')) depth--;
  }
  return deepest;
}

/** Whether a value of JSON is an object, and no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
