const HIDDEN = '***';
/** Shorter secrets, such as a PIN, could be part of any number: they are hidden where they stand alone. */
const LONG = 8;
const MAX_CHARS = 65_536;

// A JSON Web Token, and also the beginning of one.
const TOKEN = /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*\.?/g;
const BEARER = /\b(bearer\s+)[^\s"',;]+/gi;
const FIELD =
  /(["']?(?:jwt_?token|refresh_?token|feed_?token|password|m?pin|totp|x-privatekey|private_?key|api_?key|authorization)["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|[^\s"',;}&]+)/gi;

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * A function that hides secrets wherever a text has them: as they are, percent-encoded and in base64, whatever the case,
 * and by their looks and names where they are other ones (tokens, fields such as `password`).
 */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const known = [...new Set(secrets)].filter((secret) => secret !== '');
  const forms = known.flatMap((secret) => {
    if (secret.length < LONG) return [`(?<![0-9A-Za-z])${quoted(secret)}(?![0-9A-Za-z])`];
    const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
    return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64].map(quoted);
  });
  // The longest first: one secret may be the beginning of another.
  const pattern = forms.sort((a, b) => b.length - a.length).join('|');
  const exact = pattern === '' ? undefined : new RegExp(pattern, 'gi');
  return (text) => {
    const hidden = exact ? text.replace(exact, HIDDEN) : text;
    return hidden.replace(TOKEN, HIDDEN).replace(BEARER, `$1${HIDDEN}`).replace(FIELD, `$1"${HIDDEN}"`);
  };
}

/** An answer as it is kept: without secrets, without NUL, which PostgreSQL cannot store, and at most 65,536 characters. */
export function asEvidence(redact: (text: string) => string, text: string): string {
  return redact(text.replaceAll('\0', '')).slice(0, MAX_CHARS);
}
