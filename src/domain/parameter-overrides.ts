type Parameters = Readonly<Record<string, unknown>>;

/**
 * Why a user's parameters cannot override those of a strategy, one sentence per problem: a key that the strategy does
 * not have, or a value of another JSON type.
 */
export function overrideProblems(own: Parameters, known: Parameters): string[] {
  return Object.entries(own).flatMap(([key, value]) => {
    if (!Object.hasOwn(known, key)) return [`There is no parameter ${key}.`];
    const given = jsonType(value);
    const needed = jsonType(known[key]);
    return given === needed ? [] : [`The parameter ${key} must be ${needed}, not ${given}.`];
  });
}

/** Lists the parameters of a strategy: `rsi_period (a number), symbol (a text)`. */
export function describeParameters(known: Parameters): string {
  const words = Object.entries(known).map(([key, value]) => `${key} (${jsonType(value)})`);
  return words.length > 0 ? words.join(', ') : 'none';
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'boolean') return 'true or false';
  return { number: 'a number', string: 'a text' }[typeof value as string] ?? 'an object';
}
