import type { Unit } from './labels.ts';

/** Values along days, null where there is none. */
export interface Panel {
  name: string;
  unit: Unit;
  values: readonly (number | null)[];
  /** The area between the line and this value is filled, and the value is always in sight. */
  base?: number;
  isLow?: boolean;
}

/** The colour of a panel: one that never rises above its base is about what was lost. */
export const toneOfPanel = ({ values, base }: Panel): 'gain' | 'loss' =>
  base !== undefined && values.every((value) => value === null || value <= base) ? 'loss' : 'gain';

/** Panels beneath each other that share their days. */
export interface TimeChart {
  /** Unique within its page. */
  id: string;
  title: string;
  /** YYYY-MM-DD, in order. */
  days: readonly string[];
  panels: readonly Panel[];
}

interface Bar {
  label: string;
  /** What is written beneath it. */
  tick: string;
  value: number;
  tone: 'gain' | 'loss';
}

/** Bars side by side, from 0 upwards. */
export interface BarChart {
  id: string;
  title: string;
  /** What the bars count. */
  unit: Unit;
  bars: readonly Bar[];
}

/** Values by row and column, null where there is none. */
export interface HeatMap {
  id: string;
  title: string;
  unit: Unit;
  rows: readonly string[];
  columns: readonly string[];
  /** By row, then column. */
  values: readonly (readonly (number | null)[])[];
}
