/** What the forms of input and output are, by the name of their topic: paragraphs that are wrapped where they are shown. */
export const FORMATS: Readonly<Record<string, { about: string; text: string }>> = {
  output: {
    about: 'tables, text, JSON and CSV',
    text: `A terminal gets a table. A pipe or a file gets tab-separated rows without a header, one row per line, or
"name<TAB>value" lines for a single record. --json prints JSON: an array for a list, an object for a single record, [] if nothing
is found. --csv prints CSV with a header; text that a spreadsheet would run as a formula gets a leading apostrophe, a number never does.

--columns a,b and --json a,b choose columns, --columns all shows every one. Control characters are printed as \\u{..}, in JSON as
\\u.... .`,
  },
  tables: {
    about: 'what a table leaves out, and how ids are shortened',
    text: `A table keeps within the terminal: it shortens generated ids within (ord_01KG3…7Q3ZTA) and long texts at their end, and
leaves columns out, which stderr names. --columns a,b shows those, --columns all every one. Every other format prints a text whole;
pages and answers have whole ids.

Every command takes a generated id as a table shows it, its last six characters or more (7Q3ZTA), or its beginning, in upper or
lower case, with three dots for an ellipsis or none. An id that is there comes first; what several ids have ends 2 and names them. An
ending alone reads every id of its kind, which takes about twice as long as counting them.`,
  },
  pager: {
    about: 'how what is longer than the screen is shown',
    text: `What a read prints goes to a pager where it is longer than the screen; what goes on, as a watch does, never. The pager
runs without a shell and without the settings of pinnacle; --no-pager, an empty PAGER and a dumb terminal are none. Quitting it ends
the command with the code that it would end with.`,
  },
  jq: {
    about: 'programs of --jq',
    text: `--jq 'PROGRAM' prints what a jq program (1.8) makes of the JSON: one result per line, strings as text, anything else as
JSON, which is indented on a terminal. It implies --json, and --json a,b names the columns that the program gets. Of what goes on, as
a watch does, it gets row by row. It has no environment and no files. Numbers that it only passes on keep their digits; it computes in
doubles, so leave sums of money to the reports.

A program that does not compile ends 2 before anything is done. One that fails on the answer ends 74, unless the command itself ends
with another code than 0: what the command did stands. So does one that needs too much memory (256 MB, some 50 MB of JSON) or prints
more than 128 MB of one answer.`,
  },
  failures: {
    about: 'how errors are reported',
    text: `stdout stays empty and stderr names the reason. With --json, stderr holds
{ "error": { "code", "message", "hint", "retryable", "changed" } }; changed is null if it is unknown. The codes: pinnacle help
error-codes.`,
  },
  money: {
    about: 'how rupees are written and shown',
    text: `Rupees with at most two decimals and without separators: 2500.50. Machine output writes an amount of money (capital,
profit, equity, allocation) in full, with two decimals or as many as it is kept with, and JSON carries it as text, so that no paisa
is lost. Prices per share, percentages, counts and the limits of risk rules are numbers in JSON.

A table groups digits in lakhs and crores, with two decimals, those of prices up to four; what was won or lost has its sign, a
percentage too. Colours repeat what words and signs say.`,
  },
  times: {
    about: 'times and days that flags take, and how they are shown',
    text: `A time is 2026-01-31T09:15:00+05:30, or a date or local time in the configured time zone (2026-01-31, 2026-01-31
09:15), now, today, yesterday, the latest weekday of a name (monday, mon), each also with a time (yesterday 09:15), or an age: 30s,
5m, 24h, 7d, 2w, also -7d. A day means its begin: --since 2026-11-27 is from the begin of that day, and --until 2026-11-27 ends before
it. A weekday on that day is today, not a week ago. 1d is 24 hours, and not yesterday.

Where a DATE is asked for, a whole day, the words are those of trading days in the time zone of the database, -1d is yesterday, and
2w the same weekday two weeks ago. A date is a day of the configured time zone, IST unless it says otherwise; risk rules go by that of
the database (risk time-zone).

Machine output is RFC 3339 in UTC with Z; a table shows the configured time zone, and the last seven days as ages; --utc shows UTC.`,
  },
  durations: { about: 'lengths of time', text: '500ms, 30s, 5m, 24h, 7d, 2w.' },
  files: {
    about: 'files that imports read',
    text: `Every import reads CSV in UTF-8, or NDJSON, compressed by gzip or ZIP or not, from a file, a pipe or - for stdin. The
first line of CSV names the columns, in any order and case. A column that almost has the name of a known one is refused, any other is
left out and named. Every row has as many fields as the header; trailing columns without a name must be empty.

Numbers are plain: 123456.78, without thousands separators; 450.000000 is 450 shares; a price has at most 20 decimals. Times in files
also have the forms 2026-01-31 09:15:00+0530, 31-Jan-2026 09:15:00, 31-Jan-2026 03:15 PM, 2026/01/31, and seconds or milliseconds since
1970. 03/04/2026 is read with --dates dmy (3 April) or mdy (4 March) only. Times without an offset are in the configured time zone, or
in that of --time-zone; every import says so on stderr.`,
  },
  filters: {
    about: 'several values of a flag, and several flags',
    text: `A flag that help says takes several values reads them with commas between them or given again: --status PENDING,PLACED
is --status PENDING --status PLACED, and finds what has any of them. Several flags find what has all.`,
  },
  sorting: {
    about: 'the order of a list',
    text: `--sort COLUMN lists by a column that an index serves, the latest or greatest first, and --reverse the other way round;
help names the columns.`,
  },
  pages: {
    about: 'long lists in parts',
    text: `A list shows 50 rows; --limit N shows N, --all shows every row, streamed. If there are more, stderr names a cursor:
--after CURSOR continues after it in the same order, also if rows were added before it.`,
  },
};
