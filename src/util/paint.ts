/** The SGR codes that begin and end each. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  black: [30, 39],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  white: [37, 39],
  onRed: [41, 49],
  onGreen: [42, 49],
} as const;

/**
 * Colours and weights of a text on a terminal. One may be within another that ends with another code: bold within dim, or a
 * colour within a colour, would end both.
 */
export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

type Painter = (begin: number, end: number) => (text: string) => string;

const paintBy = (painter: Painter): Paint =>
  Object.fromEntries(
    Object.entries(CODES).map(([name, [begin, end]]) => [name, painter(begin, end)]),
  ) as unknown as Paint;

/** Of a terminal. */
export const IN_COLOUR = paintBy(
  (begin, end) => (text) => (text === '' ? '' : `\x1b[${begin}m${text}\x1b[${end}m`),
);

/** Of a pipe, or where no colour is wanted: leaves every text as it is. */
export const WITHOUT_COLOUR = paintBy(() => (text) => text);
