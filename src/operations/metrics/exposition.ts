import { Gauge, Registry } from 'prom-client';
import { FAMILIES, type FamilyName, familyOf, PREFIX, type Sample } from './families.ts';

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
    const { help, labels = [] } = familyOf(name);
    const gauge = new Gauge({ name: PREFIX + name, help, labelNames: labels, registers: [registry] });
    for (const { labels: values, value } of own) gauge.set(values, value);
  }
  return registry.metrics();
}
