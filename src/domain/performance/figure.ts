import { wholePaisa } from './account-days.ts';
import { type Measured, measured } from './measured.ts';

type Unit = 'percent' | 'rupees' | 'ratio' | 'days' | 'hours' | 'count';

/** A figure as it is shown; the value is in the unit, null with the reason. */
export interface Figure {
  figure: string;
  value: number | null;
  unit: Unit;
  reason: string | null;
}

const hundredth = (rate: Measured): Measured => (rate.value === null ? rate : measured(rate.value * 100));
/** A figure in its unit. */
export const shown = (figure: string, unit: Unit, { value, reason }: Measured): Figure => ({
  figure,
  value,
  unit,
  reason,
});
/** A fraction in percent. */
export const percent = (figure: string, rate: Measured) => shown(figure, 'percent', hundredth(rate));
/** An amount, to the paisa. */
export const rupees = (figure: string, { value, reason }: Measured) =>
  shown(figure, 'rupees', value === null ? { value, reason } : measured(wholePaisa(value)));
/** A number of things. */
export const count = (figure: string, value: number) => shown(figure, 'count', measured(value));
