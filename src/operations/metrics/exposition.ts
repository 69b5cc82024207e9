import { Gauge, Registry } from 'prom-client';
import { escapeControls } from '../../util/text.ts';
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
    // The audit log may have commands of other programs, and users may have any name.
    for (const { labels: values, value } of own) gauge.set(escaped(values), value);
  }
  return registry.metrics();
}

const escaped = (labels: Sample['labels']) =>
  Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, escapeControls(text)]));
