/**
 * What our SQL and the reading of its results rely on, whatever a database or a role sets. Read-only is not among them:
 * where an administrator has set default_transaction_read_only, a write must fail.
 */
export const RELIED_ON: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  default_transaction_isolation: 'read committed',
};

type Settings = Readonly<Record<string, string>>;

/** Settings as command-line options for the server. Of an option given twice the last one counts. */
export function asOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\ ]/g, '\\$&')}`)
    .join(' ');
}

/** The settings among the options of a URL or PGOPTIONS: `-c name=value`, `-cname=value` or `--name=value`. */
export function parseOptions(options: string): Settings {
  const words = options.match(/(?:\\.|[^\\\s])+/gs) ?? [];
  const settings: Record<string, string> = {};
  for (const [i, word] of words.entries()) {
    const text = words[i - 1] === '-c' ? word : (/^(?:-c|--)(.+)$/s.exec(word)?.[1] ?? '');
    const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(text.replace(/\\(.)/gs, '$1')) ?? [];
    if (name !== undefined && value !== undefined) settings[name.replaceAll('-', '_')] = value;
  }
  return settings;
}
