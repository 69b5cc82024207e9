interface GlobalFlag {
  value?: string;
  help: string;
}

/** The flags every command takes. `value` is what stands for their value in help; `[…]` may be left out. */
export const GLOBAL_FLAGS = {
  json: { value: '[fields]', help: 'print JSON, all columns or those named: --json order_id,status' },
  csv: { help: 'print CSV with a header' },
  columns: { value: '<names>', help: 'print these columns, in this order' },
  quiet: {
    help: 'silent unless something is wrong; what was asked for by --json, --csv or --columns is printed',
  },
  log: {
    value: '<file>',
    help: 'write what is said, and how it ends, into this file as well, as lines of JSON',
  },
  'skip-if-running': { help: 'end 0 where the same command is running already, instead of 10' },
  'no-color': { help: 'no colour' },
  'no-input': { help: 'never ask; end 4 where an answer is missing' },
  yes: { help: 'agree to what would be asked' },
  'dry-run': { help: 'do everything, show the result, roll back' },
  'idempotency-key': { value: '<key>', help: 'have the effect once, however often it is run under this key' },
  confirm: { value: '<name>', help: 'agree to a severe step by typing out its name' },
  profile: { value: '<name>', help: 'use this profile of the configuration' },
  config: { value: '<file>', help: 'read this configuration file' },
  timeout: { value: '<duration>', help: 'give up waiting for the database after this long' },
  primary: { help: 'read from the primary, never from a replica' },
  'allow-superuser': { help: 'let a superuser or the owner of the tables do daily work' },
  'insecure-tls': { help: 'accept a server whose certificate is not verified' },
  utc: { help: 'show times in UTC' },
  debug: { help: 'show where a failure came from' },
} as const satisfies Record<string, GlobalFlag>;

/** The global flags of one run. */
export interface Globals {
  json?: true | string;
  csv?: boolean;
  columns?: string;
  quiet?: boolean;
  log?: string;
  skipIfRunning?: boolean;
  color: boolean;
  input: boolean;
  yes?: boolean;
  dryRun?: boolean;
  idempotencyKey?: string;
  confirm?: string;
  profile?: string;
  config?: string;
  timeout?: string;
  primary?: boolean;
  allowSuperuser?: boolean;
  insecureTls?: boolean;
  utc?: boolean;
  debug?: boolean;
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
 * The global flag that the first word is, with its value; undefined where it is none, or is not written as it must
 * be. `isValue` decides whether the next word is a value that may be left out.
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

/** Sets a global flag by its name on the command line; `no-color` turns `color` off. */
export function setGlobal(globals: Globals, name: string, value: string | true): void {
  const negated = name.startsWith('no-');
  const key = name.replace(/^no-/, '').replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  Object.assign(globals, { [key]: negated ? false : value });
}
