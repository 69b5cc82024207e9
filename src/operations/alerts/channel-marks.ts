/** How the error of a message begins for which its channel is to blame; both are as long. */
const MARKS = { waits: 'channel waits: ', fails: 'channel fails: ' } as const;

/** The length of the mark of an error, characters. */
export const MARK_LENGTH = MARKS.waits.length;

/** The error of a message, with what is wrong with its channel. */
export const markedError = (channel: keyof typeof MARKS | undefined, reason: string): string =>
  channel === undefined ? reason : MARKS[channel] + reason;

/** The SQL of whether the channel of a message needs somebody, of a row by its name in the statement. */
export const failingText = (row: string): string =>
  `(${row}.state = 'PENDING' AND starts_with(${row}.last_error, '${MARKS.fails}'))`;

/** The SQL of whether a message waits for its channel, which is busy or away, or needs somebody. */
export const heldText = (row: string): string =>
  `(${row}.state = 'PENDING' AND starts_with(${row}.last_error, '${MARKS.waits}') OR ${failingText(row)})`;
