/** What must never be said, by what it is: text, or the bytes of a key. */
export type Secrets = Map<string, string | Buffer>;

/** A secret as it may stand in a text: as it is, and as base64, base64url, hex and %-encoded. */
export function spellings(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret);
  const plain = typeof secret === 'string' ? [secret, encodeURIComponent(secret)] : [];
  const base64 = [0, 1, 2].map((before) => {
    // Behind other bytes all but its edges looks the same wherever it begins.
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return text.slice(before === 0 ? 0 : 4).replace(/..?.?=+$|....$/, '');
  });
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  const hex = bytes.toString('hex');
  return [...new Set([...plain, ...base64, ...base64url, hex, hex.toUpperCase()])];
}

/** The names of the secrets that a text holds in any spelling. */
export function leaksIn(text: string, secrets: Secrets): string[] {
  return [...secrets].flatMap(([name, secret]) =>
    spellings(secret).some((spelling) => text.includes(spelling)) ? [name] : [],
  );
}
