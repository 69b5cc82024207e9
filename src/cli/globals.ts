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

function flagOf(word: string): GlobalFlag | undefined {
  const name = word.startsWith('--') ? (word.slice(2).split('=')[0] ?? '') : '';
  const flags: Readonly<Record<string, GlobalFlag>> = GLOBAL_FLAGS;
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** Whether a word of a command line is a global flag, its value perhaps attached with `=`. */
export function isGlobal(word: string): boolean {
  return flagOf(word) !== undefined;
}

/** Whether the word after a global flag is its value. */
export function takesValue(word: string): 'always' | 'maybe' | 'never' {
  const value = flagOf(word)?.value;
  if (value === undefined || word.includes('=')) return 'never';
  return value.startsWith('[') ? 'maybe' : 'always';
}

/** What stands around a leading `help`; undefined where the first plain word is another. */
export function helpWords(argv: readonly string[]): string[] | undefined {
  let at = 0;
  while (argv[at]?.startsWith('-')) at += takesValue(argv[at] ?? '') === 'always' ? 2 : 1;
  return argv[at] === 'help' ? argv.toSpliced(at, 1) : undefined;
}

/** The global flags in a command line that could not be understood as a whole, as far as errors need them. */
export function scanGlobals(argv: readonly string[]): Globals {
  const has = (flag: string) => argv.includes(flag);
  return {
    ...(argv.some((word) => word === '--json' || word.startsWith('--json=')) ? { json: true as const } : {}),
    color: !has('--no-color'),
    input: !has('--no-input'),
    quiet: has('--quiet'),
    debug: has('--debug'),
  };
}
