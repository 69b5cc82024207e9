import { type Extent, extentOf } from './scale.ts';

/**
 * The places of the values that a line so many pixels wide shows, in order: all if there are no more of them, else of each
 * pixel the lowest and the highest, so that no extreme is lost. Of a pixel without values, one place.
 */
export function thin(values: readonly (number | null)[], pixels: number): number[] {
  if (values.length <= pixels) return values.map((_, place) => place);
  const edge = (pixel: number) => Math.floor((pixel * values.length) / pixels);
  return Array.from({ length: pixels }, (_, pixel) => {
    const [low, high] = extremesWithin(values, edge(pixel), edge(pixel + 1));
    return low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
  }).flat();
}

/** The places of the lowest and the highest value from a place to before another; both the first if there is no value. */
export function extremesWithin(
  values: readonly (number | null)[],
  from: number,
  to: number,
): [low: number, high: number] {
  let [low, high] = [from, from];
  for (let place = from + 1; place < to; place++) {
    const value = values[place] ?? null;
    if (value === null) continue;
    if (value < (values[low] ?? Number.POSITIVE_INFINITY)) low = place;
    if (value > (values[high] ?? Number.NEGATIVE_INFINITY)) high = place;
  }
  return [low, high];
}

/** What a line through the values covers in each of so many columns; null where there is no value. */
export function spansOf(values: readonly (number | null)[], columns: number): (Extent | null)[] {
  const last = values.length - 1;
  const at = (place: number): number | null => {
    const before = values[Math.floor(place)] ?? null;
    const after = values[Math.min(Math.ceil(place), last)] ?? null;
    if (before === null || after === null) return before ?? after;
    return before + (after - before) * (place - Math.floor(place));
  };
  const edge = (column: number) => (column * last) / columns;
  return Array.from({ length: columns }, (_, column) => {
    const [from, to] = [edge(column), edge(column + 1)];
    const within = values.slice(Math.ceil(from), Math.floor(to) + 1);
    return extentOf([at(from), ...within, at(to)]) ?? null;
  });
}
