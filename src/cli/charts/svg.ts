import {
  type Attributes,
  type Content,
  element,
  type Markup,
  markupOf,
  styleSheet,
} from '../markup/markup.ts';
import { CHART_STYLE } from '../markup/theme.ts';
import { tickLabels, type Unit } from './labels.ts';

/** Names what a picture shows to those who do not see it. */
export interface Described {
  id: string;
  title: string;
}

/**
 * A picture as wide as its place and so many pixels high, with labels in the 64 pixels to the left of it. What is measured in
 * percent stretches, text does not, so it can be read at any width.
 */
export const picture = (
  { id, title }: Described,
  description: string,
  height: number,
  ...content: readonly Content[]
): Markup =>
  element(
    'svg',
    {
      class: 'chart wide',
      role: 'img',
      'aria-labelledby': `${id}-title`,
      'aria-describedby': `${id}-desc`,
      width: '100%',
      height,
    },
    element('title', { id: `${id}-title` }, title),
    element('desc', { id: `${id}-desc` }, description),
    ...content,
  );

/** Text at a place. */
export const label = (
  x: string | number,
  y: number,
  className: string | undefined,
  text: string,
  more: Attributes = {},
): Markup => element('text', { x, y: round(y), class: className, ...more }, text);

/** Lines across a picture at the ticks of a unit, labelled at the left of it; that of `base` stands out. */
export function grid(
  unit: Unit,
  ticks: readonly number[],
  down: (tick: number) => number,
  base: number | undefined,
): Content {
  const texts = tickLabels(unit, ticks);
  return ticks.map((tick, i) => [
    element('line', {
      class: tick === base ? 'base' : 'grid',
      x2: '100%',
      y1: round(down(tick)),
      y2: round(down(tick)),
    }),
    label(-8, down(tick) + 4, 'tick end', texts[i] ?? ''),
  ]);
}

/** A share of a whole as a length, to a hundredth of a percent. */
export const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;

/** A length to a tenth of a pixel. */
export const round = (pixels: number): number => Number(pixels.toFixed(1));

const FILE_WIDTH = 1_040;
const MARGIN = { top: 24, left: 72, right: 24, bottom: 8 };

/** A picture as the content of a file of its own, with a title over it. */
export function svgFile(title: string, height: number, picture: Markup): string {
  const full = height + MARGIN.top * 2 + MARGIN.bottom;
  const inner = FILE_WIDTH - MARGIN.left - MARGIN.right;
  const file = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...{ width: FILE_WIDTH, height: full, viewBox: `0 0 ${FILE_WIDTH} ${full}`, class: 'chart' },
    },
    styleSheet(`${CHART_STYLE}svg{background:var(--paper)}`),
    label(8, MARGIN.top, undefined, title, { 'font-weight': 600 }),
    element('svg', { x: MARGIN.left, y: MARGIN.top * 2, width: inner, height, overflow: 'visible' }, picture),
  );
  return `${markupOf(file)}\n`;
}
