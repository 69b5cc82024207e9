const MAX_BYTES = 65_536;
const MAX_DEPTH = 32;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * JSON from outside: at most 64 KiB, 32 levels deep, no key twice in an object nor one that would reach into objects'
 * prototypes, nothing that would lose its value. Throws RangeError that says what is wrong, without echoing the text.
 */
export function parseJson(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new RangeError('must have at most 64 KiB');
  const bare = text.replace(/^\ufeff/, '');
  const value = parsed(bare);
  check(bare);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RangeError(`must be valid JSON${place((error as Error).message, text)}`);
  }
}

// A string, which is a key where a colon is behind it; what opens and closes; a number.
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]|-?\d[\d.eE+-]*/g;

/** Scans the text of valid JSON: JSON.parse accepts any depth, and silently keeps the last of duplicate keys. */
function check(text: string): void {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKEN)) {
    if (token === '[' || token === '{') open.push(new Set());
    else if (token === ']' || token === '}') open.pop();
    else if (token.startsWith('"')) checkText(token, colon, open.at(-1));
    else if (Math.abs(Number(token)) > Number.MAX_SAFE_INTEGER)
      throw new RangeError(`must not have a number beyond ${Number.MAX_SAFE_INTEGER}: write it as text`);
    if (open.length > MAX_DEPTH) throw new RangeError(`must not be nested deeper than ${MAX_DEPTH} levels`);
  }
}

/** A string, or a key with its colon, in an object with these keys. */
function checkText(token: string, colon: string | undefined, keys: Set<string> | undefined): void {
  const text = JSON.parse(colon === undefined ? token : token.slice(0, -colon.length)) as string;
  // PostgreSQL stores either in escaped form, and fails when the text is read.
  if (/\0|\p{Cs}/u.test(text)) throw new RangeError('must not have a NUL or half a character in its text');
  if (colon === undefined) return;
  if (FORBIDDEN.has(text)) throw new RangeError(`must not have a key ${text}`);
  if (keys?.has(text)) throw new RangeError('must not have a key twice in one object');
  keys?.add(text);
}

/** The position of a syntax error, from a message of V8 that may quote the text, which may hold a password. */
function place(message: string, text: string): string {
  const quoted = /"([\s\S]*?)"(?:\.\.\.)? is not valid JSON$/.exec(message)?.[1];
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? (quoted ? text.indexOf(quoted) : -1));
  return position < 0
    ? ''
    : ` near line ${text.slice(0, position + (quoted ? quoted.length / 2 : 0)).split('\n').length}`;
}

/** Whether a JSON value is an object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
