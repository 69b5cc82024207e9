import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCommands, type Entry } from '../helpers/commands.ts';
import { databases, sampled } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';
import { CORPUS, SYMBOL, some } from './corpus.ts';
import { openVictim } from './victim.ts';

const commands = await allCommands();

/** The words of a command's first example: those for its arguments by place, and its flags. */
function exampleOf({ path, command }: Entry): { positional: string[]; flags: string[] } {
  const [positional, flags]: [string[], string[]] = [[], []];
  const rest = words(command.examples[0]).slice(path.length);
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    if (!word.startsWith('--')) positional.push(word);
    else if (isValued(command, word) && !word.includes('=')) flags.push(`${word}=${rest.shift()}`);
    else flags.push(word);
  }
  return { positional, flags };
}

const GLOBAL = ['--confirm', '--profile', '--config', '--timeout', '--columns'];
function isValued({ flags }: Entry['command'], flag: string): boolean {
  const name = flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return GLOBAL.includes(flag) || flags[name]?.placeholder !== undefined;
}

/** A command line of the example with one parameter given other text. */
function lineWith(entry: Entry, name: string, value: string): string[] {
  const { positional, flags } = exampleOf(entry);
  const at = Object.keys(entry.command.args).indexOf(name);
  if (at < 0) {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return [...entry.path, ...flags, `--${flag}=${value}`, '--', ...positional];
  }
  const given = positional.length > at ? positional.with(at, value) : [...positional, value];
  return [...entry.path, ...flags, '--', ...given];
}
const paramsOf = ({ command }: Entry) =>
  Object.entries({ ...command.args, ...command.flags })
    .filter(([, param]) => param.placeholder !== undefined || param.many)
    .map(([name]) => name);

const never = () => false;
const nothing = (text: string) => text === '';
const isSymbol = (text: string) => SYMBOL.test(text);
// A byte order mark before it is taken for a blank.
const isEmptyObject = (text: string) => text === '{}';
const isId = (text: string) => /^[a-z0-9][a-z0-9_.:-]{0,49}$/i.test(text);
const isLine = (text: string) => text !== '' && text.length <= 200 && !/[\p{Cc}\p{Cs}]/u.test(text);

describe.each(databases)('hostile input on $name', (kind) => {
  let victim: Awaited<ReturnType<typeof openVictim>>;
  beforeAll(async () => {
    victim = await openVictim(kind);
  });
  afterAll(() => victim.close());

  it.each(sampled(commands, 5))('as each argument and flag: $name', async (entry) => {
    let [tty, turn] = [false, commands.indexOf(entry)];
    for (const name of paramsOf(entry))
      for (const value of some(Object.values(CORPUS), 2, turn++)) {
        tty = !tty;
        const talk = tty ? '--no-color' : '--json';
        await victim.withstands(['--no-input', talk, ...lineWith(entry, name, value)], { tty });
      }
  });

  /** A command with one parameter of each kind, and whether any text of the corpus is good enough for it. */
  const KINDS: [line: string, takes: (text: string) => boolean][] = [
    ['user show IT', isId],
    ['order place --user trader_001 --side BUY --quantity 1 --symbol IT', isSymbol],
    ['order place --user trader_001 --side IT --quantity 1 --symbol TCS', never],
    ['order place --user trader_001 --side BUY --quantity IT --symbol TCS', never],
    ['order amend ord_01 --price IT', never],
    ['strategy activate rsi_dmi --user trader_001 --allocation IT', never],
    ['user add --user-id new --name N --email e@example.com --capital IT --json', never],
    ['user add --user-id new --name N --email IT --json', never],
    ['order list --since IT', never],
    ['order list --after IT', never],
    ['order list --json IT', never],
    ['order list --columns IT', never],
    ['order list --timeout IT', never],
    ['order list --profile IT', never],
    ['order list --config IT', never],
    ['order list --limit IT', never],
    ['risk set trader_001 IT 5', never],
    ['risk check trader_001 --order IT', never],
    ['risk set trader_001 MAX_DAILY_LOSS IT', never],
    ['position mark IT', never],
    ['position mark TCS=IT', never],
    ['strategy update rsi_dmi --symbols IT', (text) => text.split(',').every(isSymbol)],
    ['strategy update rsi_dmi --parameters IT', isEmptyObject],
    ['notification send --system --type RISK_ALERT --title T --message M --data IT', isEmptyObject],
    ['notification send --system --type RISK_ALERT --message M --title IT', isLine],
    ['order reject none --reason IT', never],
    ['user rotate-key trader_001 --json --grace IT', never],
    ['IT', nothing],
    ['order IT', nothing],
    ['help IT', (text) => text === '' || text.startsWith('-')],
    ['order list --IT', nothing],
  ];

  it.each(sampled(KINDS, 5))('as every text there is: %s', async (line, takes) => {
    for (const [kind, value] of some(
      Object.entries(CORPUS),
      16,
      KINDS.findIndex(([of]) => of === line),
    )) {
      const given = (word: string) =>
        word.startsWith('--') && word !== '--IT' ? [word] : [word.replace('IT', () => value)];
      const argv = words(line.replace(/(--[a-z-]+) IT/, '$1=IT')).flatMap((word) =>
        word.endsWith('=IT') ? [word.slice(0, -2) + value] : given(word),
      );
      const { code } = await victim.withstands(argv);
      if (code === 0) expect(takes(value.trim()), kind).toBe(true);
    }
  });
});
