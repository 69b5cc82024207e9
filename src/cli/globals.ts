interface GlobalFlag {
  value?: string;
  help: string;
}

/** The flags every command takes. `value` is the placeholder in help; `[…]` is optional. */
export const GLOBAL_FLAGS = {
  json: { value: '[fields]', help: 'print JSON, all columns or those named: --json order_id,status' },
  jq: { value: '<program>', help: "print what this jq program makes of the JSON: --jq '.[].order_id'" },
  csv: { help: 'print CSV with a header' },
  columns: { value: '<names>', help: 'print these columns, in this order, or all' },
  verbose: { help: 'show every column of what a write made, on a terminal' },
  quiet: {
    help: 'print only problems; with --json, --csv or --columns, print the result too',
  },
  log: {
    value: '<file>',
    help: 'also write messages and the outcome to this file, as lines of JSON',
  },
  'skip-if-running': { help: 'exit 0 instead of 10 if the same command is already running' },
  'no-color': { help: 'no colour' },
  'no-pager': { help: 'print also what is longer than the screen at once, without a pager' },
  'no-input': { help: 'never prompt; exit 2 if input is missing, 4 if a confirmation is' },
  yes: { help: 'confirm without a prompt' },
  'dry-run': { help: 'do everything, show the result, roll back' },
  'idempotency-key': {
    value: '<key>',
    help: 'take effect only once per key, however often the command is run',
  },
  confirm: {
    value: '<name>',
    help: 'confirm by name; given twice, a protected profile and what is destroyed',
  },
  profile: { value: '<name>', help: 'use this profile of the configuration' },
  config: { value: '<file>', help: 'read this configuration file' },
  timeout: { value: '<duration>', help: 'give up waiting for the database after this long' },
  primary: { help: 'read from the primary, never from a replica' },
  'allow-superuser': { help: 'allow a superuser or the owner of the tables to run daily work' },
  'insecure-tls': { help: 'accept a server whose certificate is not verified' },
  utc: { help: 'show times in UTC' },
  debug: { help: 'show each SQL statement, without its values, and where a failure came from' },
} as const satisfies Record<string, GlobalFlag>;

/** The global flags of one run. */
export interface Globals {
  json?: true | string;
  /** With it `json` is set. */
  jq?: string;
  csv?: boolean;
  columns?: string;
  verbose?: boolean;
  quiet?: boolean;
  log?: string;
  skipIfRunning?: boolean;
  color: boolean;
  pager: boolean;
  input: boolean;
  yes?: boolean;
  dryRun?: boolean;
  idempotencyKey?: string;
  /** Each answers one question. */
  confirm?: readonly string[];
  profile?: string;
  config?: string;
  timeout?: string;
  primary?: boolean;
  allowSuperuser?: boolean;
  insecureTls?: boolean;
  utc?: boolean;
  debug?: boolean;
}

/** The words of a command line that choose the same database, as flags do. */
export function sameDatabase(globals: Globals): string[] {
  const { config, profile, timeout, primary, allowSuperuser, insecureTls, utc } = globals;
  const given = {
    config,
    profile,
    timeout,
    primary,
    'allow-superuser': allowSuperuser,
    'insecure-tls': insecureTls,
    utc,
  };
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}

/** Whether a word of a command line is a global flag, its value perhaps attached with `=`. */
export function isGlobal(word: string): boolean {
  return flagOf(word) !== undefined;
}

interface Match {
  name: string;
  value: string | true;
  /** How many words it is, value included. */
  length: 1 | 2;
}

/**
 * Matches the first word, and its value, as a global flag; undefined if it is none or is malformed. `isValue` decides
 * whether the next word is an optional value.
 */
export function matchGlobal(words: readonly string[], isValue: (next: string) => boolean): Match | undefined {
  const [word = '', next] = words;
  const flag = flagOf(word);
  if (!flag) return undefined;
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  if (flag.value === undefined) return equals < 0 ? { name, value: true, length: 1 } : undefined;
  if (equals >= 0) return { name, value: word.slice(equals + 1), length: 1 };
  const isOptional = flag.value.startsWith('[');
  if (next !== undefined && (!isOptional || isValue(next))) return { name, value: next, length: 2 };
  return isOptional ? { name, value: true, length: 1 } : undefined;
}

function flagOf(word: string): GlobalFlag | undefined {
  const name = word.startsWith('--') ? (word.slice(2).split('=')[0] ?? '') : '';
  const flags: Readonly<Record<string, GlobalFlag>> = GLOBAL_FLAGS;
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** Sets a global flag by its name on the command line; `no-color` turns `color` off. Returns whether it had another value. */
export function setGlobal(globals: Globals, name: string, value: string | true): boolean {
  const negated = name.startsWith('no-');
  const key = name.replace(/^no-/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (key === 'confirm') {
    globals.confirm = [...(globals.confirm ?? []), String(value)];
    return false;
  }
  const earlier = globals[key as keyof Globals];
  Object.assign(globals, { [key]: negated ? false : value });
  return typeof value === 'string' && earlier !== undefined;
}
