import { type Gauge, Registry } from 'prom-client';
import { escapeControls } from '../../util/text.ts';
import { FAMILIES, type FamilyName, familyOf, nameOf, type Sample } from './families.ts';

/** How metrics are written: the text format of Prometheus, or OpenMetrics. */
export const FORMATS = {
  prometheus: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};
export type MetricsFormat = keyof typeof FORMATS;

/** The samples as text that Prometheus reads, families in the order of their list. */
export async function exposition(samples: readonly Sample[], format: MetricsFormat): Promise<string> {
  const registry = new Registry<(typeof FORMATS)[MetricsFormat]>();
  registry.setContentType(FORMATS[format]);
  for (const name of Object.keys(FAMILIES) as FamilyName[]) {
    const own = samples.filter((each) => each.name === name);
    if (own.length === 0) continue;
    const { help, type = 'gauge' } = familyOf(name);
    const values = own.map((each) => ({
      metricName: nameOf(each),
      labels: escaped(each.labels),
      value: each.value,
    }));
    const family = { name: nameOf({ name }), help, type, values };
    // The database counted: a histogram of the library would count what it observes itself.
    registry.registerMetric({ name: family.name, get: async () => family } as unknown as Gauge);
  }
  return registry.metrics();
}

/** The audit log may have commands of other programs, and users may have any name. */
const escaped = (labels: Sample['labels']) =>
  Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, escapeControls(text)]));
