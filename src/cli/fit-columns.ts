/** A column of a table: how wide it is by its texts, and how narrow it may become. */
export interface Column {
  name: string;
  width: number;
  least: number;
  /** It is left out before others are. */
  minor: boolean;
  /** A flag asked for it: it is left out after others are. */
  asked: boolean;
  /** It has what a row is judged by: it is left out after others are. */
  vital?: boolean;
}

/** Between two columns. */
export const GAP = 2;

/**
 * The columns of a table that fit side by side, each with its width. Those that may are narrowed first; then minor ones
 * are left out, then those that no flag asked for and that are not vital, and then the others, from the right; the first one always stays, cut if it must be.
 */
export function fitColumns<C extends Column>(columns: readonly C[], available: number): C[] {
  const kept = [...columns];
  const least = () => kept.reduce((sum, column) => sum + column.least, GAP * (kept.length - 1));
  while (kept.length > 1 && least() > available) {
    const minor = kept.findLastIndex((column, i) => column.minor && i > 0);
    const next = minor < 0 ? kept.findLastIndex(({ asked, vital }, i) => !asked && !vital && i > 0) : minor;
    kept.splice(next < 0 ? kept.length - 1 : next, 1);
  }
  let slack = available - least();
  const widths = new Map<C, number>();
  for (const column of kept) {
    const width = Math.max(1, column.least + Math.min(slack, column.width - column.least));
    slack -= width - column.least;
    widths.set(column, width);
  }
  return kept.map((column) => ({ ...column, width: widths.get(column) ?? column.least }));
}
