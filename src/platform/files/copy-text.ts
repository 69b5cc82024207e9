/** How COPY writes NULL in its text form. */
export const COPY_NULL = '\\N';

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' },
};
const UNESCAPED = new Map(Object.entries(ESCAPES).map(([char, code]) => [code.slice(1), char]));

/** A value that is not NULL in the text form of COPY. */
export const escapeCopy = (value: string): string =>
  value.replace(/[\\\b\f\n\r\t\v]/g, (char) => ESCAPES[char] ?? char);

/** The value that such a text stands for. */
export const unescapeCopy = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/gs, (_all, char) => UNESCAPED.get(char) ?? char) : text;
