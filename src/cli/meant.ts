import type { Verbs } from './command.ts';

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
  info: ['show'],
  describe: ['show'],
  inspect: ['show'],
  all: ['list'],
  find: ['search', 'list'],
  edit: ['update', 'amend', 'set'],
  modify: ['update', 'amend', 'set'],
  change: ['update', 'amend', 'set'],
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
  history: ['audit list', 'position history'],
  health: ['doctor'],
  check: ['doctor', 'risk check'],
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
  const here = synonyms.map((each) => [...path, each].join(' ')).filter((each) => known.has(each));
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
  'no-headers': ['csv'],
  wide: ['columns'],
  fields: ['columns'],
  offset: ['after'],
  page: ['after'],
  cursor: ['after'],
  count: ['limit'],
  top: ['limit'],
  desc: ['reverse'],
  order: ['sort'],
  from: ['since'],
  to: ['until'],
  force: ['yes', 'confirm'],
  follow: ['watch'],
  qty: ['quantity'],
  account: ['user'],
  trader: ['user'],
};

/** The flags that an unknown one may be by another name. */
export const flagsMeant = (flag: string): readonly string[] =>
  Object.hasOwn(FLAG_SYNONYMS, flag) ? (FLAG_SYNONYMS[flag] ?? []) : [];
