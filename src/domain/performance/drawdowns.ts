import { type Measured, measured, notDefined } from './measured.ts';
import { sum } from './statistics.ts';

/** A fall from a peak until the peak is reached again. Places are those of a curve, whose first is before the first day. */
export interface Drawdown {
  peak: number;
  trough: number;
  /** The first place at or above the peak again; null while it is open. */
  recovery: number | null;
  /** How far below the peak the trough is, in the unit of the curve. */
  fall: number;
  /** The same as a fraction of the peak, above 1 where more than all is lost; null of a peak that is not above 0. */
  depth: number | null;
}

/** Every drawdown of a curve, in order. The peak begins with the start of the curve, so a first loss counts. */
export function drawdownsOf(curve: readonly number[]): Drawdown[] {
  const found: Drawdown[] = [];
  let peak = 0;
  let open: Drawdown | undefined;
  curve.forEach((value, at) => {
    const top = curve[peak] as number;
    if (value >= top) {
      if (open) open.recovery = at;
      open = undefined;
      peak = at;
      return;
    }
    if (!open) {
      open = { peak, trough: at, recovery: null, fall: 0, depth: null };
      found.push(open);
    }
    if (top - value <= open.fall) return;
    open.trough = at;
    open.fall = top - value;
    open.depth = top > 0 ? open.fall / top : null;
  });
  return found;
}

/** The deepest drawdowns by fraction of the peak, deepest first, the earlier of equals first. */
export const deepest = (drawdowns: readonly Drawdown[], most: number): Drawdown[] =>
  [...drawdowns].sort((a, b) => (b.depth ?? 0) - (a.depth ?? 0) || a.peak - b.peak).slice(0, most);

/** Maximum drawdown, the largest `(peak − value)/peak`, a fraction; 0 without a fall. Not defined of a peak at or below 0. */
export function maxDrawdown(drawdowns: readonly Drawdown[]): Measured {
  if (drawdowns.some(({ depth }) => depth === null)) return notDefined('a peak is not above 0');
  return measured(Math.max(0, ...drawdowns.map(({ depth }) => depth ?? 0)));
}

/** The largest `peak − value` in the unit of the curve, which may be another drawdown than the deepest; 0 without a fall. */
export const maxFall = (drawdowns: readonly Drawdown[]): number =>
  Math.max(0, ...drawdowns.map(({ fall }) => fall));

/** The longest drawdown that has recovered, in places from its peak to its recovery. Not defined where none has. */
export function longestRecovery(drawdowns: readonly Drawdown[]): Measured {
  const lengths = drawdowns.flatMap(({ peak, recovery }) => (recovery === null ? [] : [recovery - peak]));
  return lengths.length === 0 ? notDefined('no drawdown has recovered') : measured(Math.max(...lengths));
}

/** How far each value of a curve is below the peak so far, a fraction, 0 at a peak. The curve is above 0. */
export function depthsOf(curve: readonly number[]): number[] {
  let peak = Number.NEGATIVE_INFINITY;
  return curve.map((value) => {
    peak = Math.max(peak, value);
    return (peak - value) / peak;
  });
}

/** Ulcer index, `√(Σ depth²/n)` over the n days after the start of the curve, a fraction. Not defined without a day. */
export function ulcer(curve: readonly number[]): Measured {
  const depths = depthsOf(curve).slice(1);
  if (depths.length === 0) return notDefined('there is no day');
  return measured(Math.sqrt(sum(depths.map((depth) => depth ** 2)) / depths.length));
}

/** A gain by the maximum drawdown, both in one unit, with the sign of the gain. Not defined without a drawdown. */
export function perDrawdown(gain: Measured, drawdown: Measured): Measured {
  if (gain.value === null) return gain;
  if (drawdown.value === null) return drawdown;
  return drawdown.value === 0 ? notDefined('there is no drawdown') : measured(gain.value / drawdown.value);
}
