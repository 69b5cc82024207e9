import { extentOf } from './scale.ts';

const BLOCKS = '▁▂▃▄▅▆▇█';
const ASCII = '.:|#';

/** Values as small bars, a character each, from the lowest to the highest; a dash where there is no value. */
export function sparkline(values: readonly (number | null)[], unicode: boolean): string {
  const [low, high] = extentOf(values) ?? [0, 0];
  const bars = unicode ? BLOCKS : ASCII;
  const barOf = (value: number) => {
    const share = low === high ? 0.5 : (value - low) / (high - low);
    return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))] as string;
  };
  return values.map((value) => (value === null ? '-' : barOf(value))).join('');
}
