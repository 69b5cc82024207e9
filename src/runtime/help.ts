import type { Program } from '../cli/command.ts';
import { exitCodes, type NounNode, programTree, type VerbNode } from '../cli/describe.ts';
import { EXITS } from '../util/exit-codes.ts';
import { usage } from '../util/failure.ts';
import { closestMatch, safeJson } from '../util/text.ts';

type Row = Readonly<Record<string, string | number>>;

/** Help topics other than commands, as rows of a name and its meaning, or as prose. */
const TOPICS: Record<string, () => Promise<readonly Row[] | string>> = {
  'exit-codes': async () => exitCodes().map(({ exit, kind, meaning }) => ({ exit, meaning, kind })),
  'error-codes': errorCodes,
  environment,
  formats: async () => FORMATS,
};

/** The help on the words after `help`; undefined if they name a command, which has its own --help. */
export async function topic(
  names: readonly string[],
  asJson: boolean,
  program: Program,
): Promise<string | undefined> {
  const [first, ...more] = names;
  if (first === undefined) return asJson ? json(await programTree(program)) : undefined;
  const found = more.length === 0 && Object.hasOwn(TOPICS, first) ? await TOPICS[first]?.() : undefined;
  if (found !== undefined) return asJson ? json(found) : asText(found);
  if (asJson) return json(await nodeOf(program, names));
  const guess = Object.hasOwn(program.nouns, first) ? undefined : closestMatch(first, Object.keys(TOPICS));
  if (guess) throw usage(`There is no help on ${first}; did you mean ${guess}?`);
  return undefined;
}

async function errorCodes(): Promise<readonly Row[]> {
  const { ERROR_CODES } = await import('../util/error-codes.ts');
  return Object.entries(ERROR_CODES).map(([code, [kind, meaning]]) => ({
    code,
    meaning,
    kind,
    exit: EXITS[kind][0],
  }));
}

const json = (value: unknown) => safeJson(value, 2);

async function nodeOf(program: Program, names: readonly string[]): Promise<NounNode | VerbNode> {
  type Node = { commands: (NounNode | VerbNode)[] } | VerbNode;
  let node: Node = await programTree(program);
  for (const name of names) {
    const children: (NounNode | VerbNode)[] = 'commands' in node ? node.commands : [];
    const next = children.find((child) => child.name === name);
    if (!next) throw usage(`There is no command ${names.join(' ')}.`, `See: ${program.name} help`);
    node = next;
  }
  return node as NounNode | VerbNode;
}

function asText(found: readonly Row[] | string): string {
  if (typeof found === 'string') return found;
  const lines = found.map((row) => Object.values(row).slice(0, 2).map(String));
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return lines.map(([name = '', meaning = '']) => `  ${name.padEnd(width)}  ${meaning}`).join('\n');
}

const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  PINNACLE_CONFIG: 'the configuration file, as --config',
  PINNACLE_PROFILE: 'the profile of the configuration, as --profile',
  PINNACLE_KEYRING: 'the key ring itself, if neither keyring.file nor keyring.command is set',
  PINNACLE_FORCE_TTY: '1: format stdout as for a terminal',
  PINNACLE_PAGER: 'the pager for what is longer than the screen, as words; empty or cat: none',
  PAGER: 'the same, if PINNACLE_PAGER is not set (default less, if it is there)',
  LESS: 'what less is told (default FRX: quit if it fits, keep colours, leave the text on the screen)',
  NO_COLOR: 'any value: no colour',
  FORCE_COLOR: 'colour also without a terminal; 0: no colour',
  CLICOLOR: '0: no colour; CLICOLOR_FORCE=1 is FORCE_COLOR=1',
  TERM: 'dumb: neither colour nor pager',
  LANG: 'with LC_ALL and LC_CTYPE before it: without UTF-8 a terminal gets ASCII',
  CI: 'any value but 0 or false: never prompt',
  XDG_CONFIG_HOME: 'the folder of your own configuration (default ~/.config)',
  XDG_DATA_HOME: 'the folder of the embedded database (default ~/.local/share)',
  XDG_CACHE_HOME: 'the folder of templates of the embedded database and of compiled code (default ~/.cache)',
};

async function environment(): Promise<readonly Row[]> {
  const { SETTINGS } = await import('../platform/config/settings.ts');
  const settings = Object.entries(SETTINGS).flatMap(([setting, { env, help }]) =>
    env.map((variable) => ({ variable, meaning: help, setting })),
  );
  const others = Object.entries(OTHER_VARIABLES).map(([variable, meaning]) => ({ variable, meaning }));
  return [...settings, ...others];
}

const FORMATS = `Output. A terminal gets a table; a pipe or a file gets tab-separated rows without a header, one row per line, or
"name<TAB>value" lines for a single record. --json prints JSON: an array for a list, an object for a single record,
[] if nothing is found. --csv prints CSV with a header; text that a spreadsheet would run as a formula gets a
leading apostrophe, a number never does. --columns a,b and --json a,b choose columns. Control characters are printed
as \\u{..}, in JSON as \\u.... . Every other format than a table
prints a text whole. A table keeps within the terminal: it shortens ids and long texts, which then end with an ellipsis, and leaves
columns out, which stderr names; --columns a,b shows those, --columns all every one. Every command takes an id as a table shows it,
or its beginning: one that several have ends 2 and names them. What a read prints goes to a pager where it is longer than the
screen; what goes on, as a watch does, never. The pager runs without a shell and without the settings of pinnacle; --no-pager, an empty
PAGER and a dumb terminal are none. Quitting it ends the command with the code that it would end with.

--jq 'PROGRAM' prints what a jq program (1.8) makes of the JSON: one result per line, strings as text, anything else as JSON, which
is indented on a terminal. It implies --json, and --json a,b names the columns that the program gets. Of what goes on, as a watch does, it
gets row by row. It has no environment and no files. Numbers that it only passes on keep their digits; it computes in doubles, so leave
sums of money to the reports. A program that does not compile ends 2 before anything is done. One that fails on the answer ends 74,
unless the command itself ends with another code than 0: what the command did stands. So does one that needs too much memory (256 MB,
some 50 MB of JSON) or prints more than 128 MB of one answer.

Failures. stdout stays empty and stderr names the reason. With --json, stderr holds
{ "error": { "code", "message", "hint", "retryable", "changed" } }; changed is null if it is unknown.

Money. Rupees with at most two decimals: 2500.50. Machine output writes an amount of money (capital, profit, equity,
allocation) in full, with two decimals or as many as it is kept with, and JSON carries it as text, so that no paisa is
lost. Prices per share, percentages, counts and the limits of risk rules are numbers in JSON. A table groups digits in
lakhs and crores, with two decimals, those of prices up to four; what was won or lost has its sign, a percentage too. Colours
repeat what words and signs say.

Times. 2026-01-31T09:15:00+05:30, or a date or local time in the configured time zone (2026-01-31, 2026-01-31 09:15), now,
today, yesterday, the latest weekday of a name (monday, mon), each also with a time (yesterday 09:15), or an age:
30s, 5m, 24h, 7d, 2w, also -7d. A day means its begin: --since 2026-11-27 is from the begin of that day, and --until 2026-11-27
ends before it. A weekday on that day is today, not a week ago. 1d is 24 hours, and not yesterday. Where a DATE is asked for, a whole day, the words
are those of trading days in the time zone of the database, -1d is yesterday, and 2w the same weekday two weeks ago. A date is a day of the
configured time zone, IST unless it says otherwise; risk rules go by that of the database (risk time-zone). Machine
output is RFC 3339 in UTC with Z; a table shows the configured time zone, and the last seven days as ages; --utc shows UTC.

Files. Every import reads CSV in UTF-8, or NDJSON, compressed by gzip or ZIP or not, from a file, a pipe or - for stdin. The first
line of CSV names the columns, in any order and case. A column that almost has the name of a known one is refused, any
other is left out and named. Every row has as many fields as the header; trailing columns without a name must be empty.
Numbers are plain: 123456.78, without thousands separators; 450.000000 is 450 shares; a price has at most 20 decimals.
Times in files also have the forms 2026-01-31 09:15:00+0530, 31-Jan-2026 09:15:00, 31-Jan-2026 03:15 PM, 2026/01/31, and
seconds or milliseconds since 1970. 03/04/2026 is read with --dates dmy (3 April) or mdy (4 March) only. Times without an
offset are in the configured time zone, or in that of --time-zone; every import says so on stderr.

Durations. 500ms, 30s, 5m, 24h, 7d, 2w.

Filters. A flag that help says takes several values reads them with commas between them or given again:
--status PENDING,PLACED is --status PENDING --status PLACED, and finds what has any of them. Several flags find what has all.

Orders of lists. --sort COLUMN lists by a column that an index serves, the latest or greatest first, and --reverse the
other way round; help names the columns.

Pages. A list shows 50 rows; --limit N shows N, --all shows every row, streamed. If there are more, stderr names a
cursor: --after CURSOR continues after it in the same order, also if rows were added before it.`;
