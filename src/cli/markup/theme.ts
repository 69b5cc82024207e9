/**
 * The colours, light and dark. Gains are blue and losses orange, which colour-blind readers tell apart; all text has a
 * contrast of at least 4.5 with what it stands on.
 */
const COLOURS = {
  light: {
    ...{ paper: '#ffffff', raised: '#f5f7fa', ink: '#16202b', muted: '#526070', rule: '#d5dce4' },
    ...{ gain: '#0b5cad', loss: '#b14300', warn: '#7a5600' },
  },
  dark: {
    ...{ paper: '#10161d', raised: '#1a222c', ink: '#e7edf3', muted: '#a2afbd', rule: '#33404d' },
    ...{ gain: '#79b8ff', loss: '#ff9b5e', warn: '#e5c07b' },
  },
};

const variables = (colours: Readonly<Record<string, string>>) =>
  `:root{${Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')}}`;

const THEME = `${variables(COLOURS.light)}@media screen and (prefers-color-scheme:dark){${variables(COLOURS.dark)}}`;

/** How charts are drawn. A label has a rim of the paper's colour where a line crosses it. */
const CHARTS = `
.chart{display:block;overflow:visible;font:12px system-ui,sans-serif}
.chart text{fill:var(--ink);stroke:var(--paper);stroke-width:3px;paint-order:stroke}
.chart .tick{fill:var(--muted)}.chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
.chart .grid{stroke:var(--rule)}.chart .base{stroke:var(--muted)}
.chart .line{fill:none;stroke-width:1.5;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.chart .in{text-anchor:middle;stroke:none}
.chart .gain{fill:var(--gain)}.chart .line.gain{fill:none;stroke:var(--gain)}
.chart .loss{fill:var(--loss)}.chart .line.loss{fill:none;stroke:var(--loss)}
.chart .area{fill-opacity:.22}.chart .area.gain{fill:var(--gain)}.chart .area.loss{fill:var(--loss)}
`;

const PAGE = `
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0 auto;padding:16px;max-width:1120px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1,h2,h3{line-height:1.25;overflow-wrap:anywhere}h1{font-size:1.6rem}h2{margin-top:2.5rem;font-size:1.3rem}h3{margin:1.5rem 0 .25rem;font-size:1.05rem}
p,figcaption{overflow-wrap:anywhere}.muted,figcaption{color:var(--muted)}figcaption{font-size:.85rem}
a{color:var(--gain)}
.gain{color:var(--gain)}.loss{color:var(--loss)}.warn{color:var(--warn)}
figure{margin:0 0 1rem}.wide{padding-left:64px}.wide+figcaption{margin-top:.25rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:8px;margin:1rem 0;padding:0}
.cards>div{padding:8px 12px;background:var(--raised);border:1px solid var(--rule);border-radius:6px;overflow-wrap:anywhere}
.cards dt{color:var(--muted);font-size:.85rem}.cards dd{margin:0}.cards .value{font-size:1.05rem;font-weight:600}
.scroll{overflow-x:auto;margin:.5rem 0}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{padding:4px 0;color:var(--muted);text-align:left}
th,td{padding:3px 16px 3px 0;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap;vertical-align:top}
td:first-child,.text{text-align:left}.text{white-space:normal}
@media (max-width:640px){.spare{display:none}}
summary{cursor:pointer;color:var(--muted);font-size:.85rem}
@media print{@page{size:A4;margin:14mm}body{padding:0;max-width:none;font-size:10pt}section[id]{break-before:page}
figure,.cards>div,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}table{font-size:8pt}}`;

const compact = (css: string) => css.replace(/\n/g, '');

/** The style sheet of a page with charts. */
export const PAGE_STYLE = compact(THEME + CHARTS + PAGE);

/** The style sheet of a chart in a file of its own. */
export const CHART_STYLE = compact(THEME + CHARTS);
