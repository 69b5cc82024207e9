// C0, DEL and C1 (Cc), soft hyphen, Arabic letter mark, zero-width, bidi controls, line separators, BOM, tag characters.
const UNSAFE = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Makes every control, bidi and zero-width character visible as `\u{..}`, so that text cannot drive a terminal. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** The same for text of several lines, which stay lines. */
export function escapeControlLines(text: string): string[] {
  return text.split('\n').map(escapeControls);
}

/** JSON text with the same characters escaped the JSON way; it still parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, null, indent));
}

/** The same of what is JSON text already. */
export function escapeJson(text: string): string {
  return text.replace(UNSAFE, (char) =>
    char === '\n'
      ? char
      : [...Array(char.length).keys()]
          .map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join(''),
  );
}

/** `1 order`, `2 orders`, `1,000 orders`. */
export function pluralize(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString('en-IN')} ${n === 1 ? noun : plural}`;
}

/** The text cut to a length with an ellipsis, for echoing a bad value back; never in the middle of a character. */
export function truncate(text: string, length = 60, ellipsis = '…'): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - ellipsis.length).replace(/[\ud800-\udbff]$/, '')}${ellipsis}`;
}

/** The first of some texts, each cut to a length, and how many there are more: `a, b and 3 more`. */
export function someOf(texts: readonly string[], most = 20): string {
  const first = texts.slice(0, most).map((text) => truncate(text));
  const more = texts.length - first.length;
  return more > 0 ? `${first.join(', ')} and ${more} more` : first.join(', ');
}

/** The candidate nearest to a mistyped word (Levenshtein, at most a third of its length away), if any. */
export function closestMatch(word: string, candidates: readonly string[]): string | undefined {
  // A word this long is not a typing error, and comparing it would take long.
  if (word.length > 64) return undefined;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A-Z in lower case; nothing else turns into a plain letter, as the Kelvin sign would into `k`. */
export function plainLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** a-z in upper case; nothing else turns into a plain letter, as the dotless i would into `I`. */
export function plainUpperCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** `userId` as it is written on a command line: `user-id`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A word of a shell, quoted where that is needed. */
export function shellWord(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
