import { closestMatch } from '../util/text.ts';
import type { Verbs } from './command.ts';
import type { Param } from './flags.ts';

/** By a word that many would try: the verbs that may be meant, or whole commands. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  add: ['create', 'place', 'set', 'import'],
  new: ['add', 'place', 'create', 'start', 'generate'],
  create: ['add', 'place', 'start', 'generate'],
  insert: ['add', 'place'],
  buy: ['order place'],
  sell: ['order place'],
  submit: ['order place', 'order send'],
  get: ['show'],
  view: ['show'],
  describe: ['show'],
  inspect: ['show'],
  all: ['list'],
  list: ['show', 'status'],
  set: ['config init', 'update'],
  find: ['search', 'list'],
  edit: ['update', 'amend', 'config init', 'set'],
  modify: ['update', 'amend', 'set'],
  change: ['update', 'amend', 'set'],
  undo: ['reverse', 'fill bust', 'migrate down'],
  revert: ['reverse', 'fill bust', 'migrate down'],
  rollback: ['down', 'migrate down'],
  rename: ['update', 'user update', 'strategy update', 'symbol alias'],
  delete: ['remove', 'revoke', 'cancel', 'disable', 'prune'],
  rm: ['remove', 'revoke', 'cancel', 'disable', 'prune'],
  ps: ['status', 'session list'],
  remove: ['revoke', 'cancel', 'disable', 'prune'],
  stop: ['pause', 'halt', 'end', 'cancel', 'risk halt', 'strategy stop'],
  kill: ['halt', 'risk halt'],
  halt: ['risk halt'],
  freeze: ['risk halt'],
  start: ['activate', 'session start'],
  open: ['start', 'place', 'session start'],
  exit: ['close', 'position close'],
  flatten: ['close', 'position close'],
  execute: ['fill', 'order fill'],
  trade: ['order place'],
  trades: ['fill list', 'report trades'],
  pnl: ['position pnl'],
  profit: ['position pnl', 'report performance'],
  price: ['market get'],
  prices: ['market list'],
  quote: ['market get'],
  balance: ['user show', 'broker funds'],
  password: ['user rotate-key'],
  upgrade: ['migrate up'],
  init: ['config init'],
  setup: ['config init'],
  settings: ['config show'],
  log: ['audit list'],
  logs: ['audit list'],
  history: ['status', 'audit list', 'position history'],
  clean: ['down', 'prune', 'retention run'],
  info: ['show', 'status', 'version'],
  health: ['doctor'],
  check: ['verify', 'validate', 'doctor', 'risk check'],
  validate: ['verify'],
  ping: ['doctor'],
  whoami: ['config show', 'access show'],
  auth: ['broker login', 'config init'],
  connect: ['config init'],
  cron: ['schedule print'],
};

const MOST = 3;

/**
 * The commands that an unknown word behind `path`, and the word behind it, may mean by another name, or in another place: the noun
 * of several things, a verb before its noun, verbs of the noun, then commands anywhere. At most three; loads every noun's table.
 */
export async function meantBy(
  nouns: Verbs,
  path: readonly string[],
  [word = '', next = '']: readonly string[],
): Promise<string[]> {
  const nounOf = (text: string) => [text, text.replace(/s$/, '')].find((each) => Object.hasOwn(nouns, each));
  const plural = path.length === 0 ? nounOf(word) : undefined;
  if (plural !== undefined) return [plural];
  const commands = await everyCommand(nouns, []);
  const known = new Set(commands);
  const synonyms = Object.hasOwn(SYNONYMS, word) ? (SYNONYMS[word] ?? []) : [];
  const here = synonyms
    .flatMap((each) => [[...path, each].join(' '), ...(each.startsWith(`${path.join(' ')} `) ? [each] : [])])
    .filter((each) => known.has(each));
  if (path.length > 0 && here.length > 0) return here.slice(0, 1);
  const reversed = path.length > 0 ? undefined : nounOf(next);
  const turned = [word, ...synonyms].map((each) => `${reversed} ${each}`).find((each) => known.has(each));
  if (turned !== undefined) return [turned];
  const sameVerb = commands.filter((command) => command.endsWith(` ${word}`));
  const elsewhere = [...synonyms.filter((each) => known.has(each)), ...sameVerb];
  return [...new Set([...here, ...elsewhere])].slice(0, MOST);
}

async function everyCommand(table: Verbs, path: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(table).map(async ([name, node]) => {
      const words = [...path, name];
      if (!('verbs' in node)) return [words.join(' ')];
      const below = await everyCommand(await node.verbs(), words);
      return node.own ? [words.join(' '), ...below] : below;
    }),
  );
  return found.flat();
}

/** By the name of a flag that many would try: what it may be here. */
const FLAG_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  output: ['json', 'output-file'],
  format: ['json'],
  yaml: ['json'],
  template: ['jq'],
  'no-headers': ['csv'],
  wide: ['columns'],
  fields: ['columns'],
  offset: ['after'],
  page: ['after'],
  cursor: ['after'],
  count: ['limit'],
  top: ['limit'],
  'no-limit': ['all'],
  desc: ['reverse'],
  order: ['sort'],
  'order-by': ['sort'],
  'sort-by': ['sort'],
  from: ['since'],
  start: ['since'],
  to: ['until', 'output'],
  end: ['until'],
  force: ['yes', 'confirm'],
  'assume-yes': ['yes'],
  batch: ['no-input'],
  'non-interactive': ['no-input'],
  silent: ['quiet'],
  color: ['no-color'],
  context: ['profile'],
  env: ['profile'],
  follow: ['watch'],
  qty: ['quantity'],
  account: ['user'],
  trader: ['user'],
  a: ['all'],
  c: ['columns'],
  f: ['follow', 'file'],
  i: ['file'],
  j: ['json'],
  p: ['profile'],
  r: ['reverse'],
  s: ['symbol'],
  u: ['user'],
  v: ['verbose'],
  w: ['watch'],
};

/** The flags that an unknown one may be by another name. */
export const flagsMeant = (flag: string): readonly string[] =>
  Object.hasOwn(FLAG_SYNONYMS, flag) ? (FLAG_SYNONYMS[flag] ?? []) : [];

const NAMES_DATABASE = /^(database|db|db-?url|dbname|dsn|url|host|port|hostname|password)$/;

/** What helps whoever names a database by a flag, as other programs take it. */
export const databaseHint = (flag: string): string | undefined =>
  NAMES_DATABASE.test(flag)
    ? 'The database is named by DATABASE_URL, or by --profile and the configuration. See: pinnacle config show --origin'
    : undefined;

/** By a word of other programs: the word of ours. */
const WORDS: Readonly<Record<string, string>> = {
  B: 'BUY',
  LONG: 'BUY',
  S: 'SELL',
  SHORT: 'SELL',
  SL: 'STOP_LOSS',
  MKT: 'MARKET',
  COMPLETE: 'FILLED',
  EXECUTED: 'FILLED',
  PARTIAL: 'PARTIALLY_FILLED',
};

/** What a value that is not valid may mean, if anything: a word of the list, or an amount without its grouping. */
export function valueMeant({ choices, schema, secret }: Param, value: string): string[] {
  if (choices !== undefined) return wordMeant(choices, value);
  const plain = value.replace(/^(₹|Rs\.?|INR)|[,_\s]/gi, '');
  const isNumber = plain !== value && /^[\d.]+$/.test(plain);
  return isNumber && !secret && schema.safeParse(plain).success ? [plain] : [];
}

function wordMeant(choices: readonly string[], value: string): string[] {
  const typed = value.toUpperCase();
  const known = choices.map((each) => each.toUpperCase());
  const longer = known.filter((each) => typed.length > 2 && each.includes(typed));
  const meant = closestMatch(typed, known) ?? (longer.length === 1 ? longer[0] : WORDS[typed]);
  return choices.filter((each) => each.toUpperCase() === meant);
}
