/** The flags every command takes. `value` is what stands for their value in help; `[…]` may be left out. */
export const GLOBAL_FLAGS = {
  json: { value: '[fields]', help: 'print JSON, all columns or those named: --json order_id,status' },
  csv: { help: 'print CSV with a header' },
  columns: { value: '<names>', help: 'print these columns, in this order' },
  quiet: { help: 'no talk on stderr unless something is wrong' },
  'no-color': { help: 'no colour' },
  'no-input': { help: 'never ask; end 4 where an answer is missing' },
  yes: { help: 'agree to what would be asked' },
  'dry-run': { help: 'do everything, show the result, roll back' },
  confirm: { value: '<name>', help: 'agree to a severe step by typing out its name' },
  profile: { value: '<name>', help: 'use this profile of the configuration' },
  config: { value: '<file>', help: 'read this configuration file' },
  timeout: { value: '<duration>', help: 'give up waiting for the database after this long' },
  utc: { help: 'show times in UTC' },
  debug: { help: 'show where a failure came from' },
} as const satisfies Record<string, { value?: string; help: string }>;

/** The global flags of one run. */
export interface Globals {
  json?: true | string;
  csv?: boolean;
  columns?: string;
  quiet?: boolean;
  color: boolean;
  input: boolean;
  yes?: boolean;
  dryRun?: boolean;
  confirm?: string;
  profile?: string;
  config?: string;
  timeout?: string;
  utc?: boolean;
  debug?: boolean;
}

/** The global flags in a command line that could not be understood as a whole, as far as errors need them. */
export function glimpse(argv: readonly string[]): Globals {
  const has = (flag: string) => argv.includes(flag);
  return {
    ...(argv.some((word) => word === '--json' || word.startsWith('--json=')) ? { json: true as const } : {}),
    color: !has('--no-color'),
    input: !has('--no-input'),
    quiet: has('--quiet'),
    debug: has('--debug'),
  };
}
