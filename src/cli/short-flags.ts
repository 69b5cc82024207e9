/** The flags that have a letter. */
const LETTERS: Readonly<Record<string, string>> = {
  q: 'quiet',
  y: 'yes',
  n: 'dry-run',
  L: 'limit',
  o: 'output',
};

/** Letters of switches, and perhaps one of a flag with a value, attached or not. */
const WORD = /^-([qyn]*)(?:([Lo])(?:=?(.+))?)?$/s;

/** The letter of a flag, as in `-q`; undefined if it has none. */
export const letterOf = (flag: string): string | undefined =>
  Object.keys(LETTERS).find((letter) => LETTERS[letter] === flag);

/** How a flag is named in help: `-q, --quiet`. */
export function flagNames(flag: string): string {
  const letter = letterOf(flag);
  return letter === undefined ? `--${flag}` : `-${letter}, --${flag}`;
}

/** The flags that a word of letters stands for: `-qy` is --quiet --yes, `-L5` is --limit=5. Any other word is itself. */
export function longFlags(word: string): string[] {
  const [, switches = '', valued, value] = WORD.exec(word) ?? [];
  const names = [...switches].map((letter) => `--${LETTERS[letter]}`);
  if (valued !== undefined) names.push(`--${LETTERS[valued]}${value === undefined ? '' : `=${value}`}`);
  return names.length === 0 ? [word] : names;
}
