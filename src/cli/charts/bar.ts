/** A bar of so many cells, of which some are full: `████░░░░`. */
export function bar(full: number, cells: number, unicode: boolean): string {
  const filled = Math.min(cells, Math.max(0, full));
  const [on, off] = unicode ? ['█', '░'] : ['#', '.'];
  return on.repeat(filled) + off.repeat(cells - filled);
}
