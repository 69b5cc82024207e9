// Manual pages from what the built program says of itself: `pinnacle(1)`, and one for each command, `pinnacle-order-place(1)`.

import { flagTag, leaves } from './commands-page.js';

/** Text that a roff formatter prints as it stands. */
const plain = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .split('\n')
    .map((line) => line.replace(/^([.'])/, '\\&$1'))
    .join('\n');

const section = (title, ...lines) => (lines.length === 0 ? [] : [`.SH ${title}`, ...lines]);
const tagged = (entries) => entries.flatMap(([tag, text]) => ['.TP', `.B ${plain(tag)}`, plain(text)]);
const examples = (lines) => lines.flatMap((line) => ['.PP', '.nf', plain(line), '.fi']);
const nameOf = (path) => ['pinnacle', ...path.split(' ').filter(Boolean)].join('-');

function page(name, date, summary, version, body) {
  const head = `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 ${date} "pinnacle ${version}" "Pinnacle"`;
  return `${[head, '.nh', '.ad l', '.SH NAME', `${plain(name)} \\- ${plain(summary)}`, ...body].join('\n')}\n`;
}

const plainTag = (flag) => flagTag({ ...flag, value: flag.value?.replace(/^[<[]?(.*?)[>\]]?$/, '$1') });
const meaning = ({ help, choices, several, default: fallback, required }) =>
  [
    help,
    ...(choices ? [choices.join(' | ')] : []),
    ...(several ? ['several with commas'] : []),
    ...(typeof fallback === 'string' ? [`default ${fallback}`] : []),
    ...(required ? ['required'] : []),
  ].join('; ');

function verbPage(verb, date, version) {
  const { path, summary, usage, details, args, flags, fields, examples: shown } = verb;
  return page(nameOf(path), date, summary, version, [
    ...section('SYNOPSIS', `.B ${plain(usage)}`),
    ...section('DESCRIPTION', plain(`${summary}.`), ...(details ? ['.PP', plain(details.trim())] : [])),
    ...section('ARGUMENTS', ...tagged(args.map((arg) => [arg.name, meaning(arg)]))),
    ...section('OPTIONS', ...tagged(flags.map((flag) => [plainTag(flag), meaning(flag)]))),
    ...section('COLUMNS', ...(fields.length ? [plain(fields.map(({ name }) => name).join(', '))] : [])),
    ...section('EXAMPLES', ...examples(shown)),
    ...section('SEE ALSO', '.BR pinnacle (1)'),
  ]);
}

/** Every page of the tree that `help --json` prints, by the name of its file. */
export function manPages(tree, { version, date }) {
  const verbs = tree.commands.flatMap(leaves);
  const pages = new Map(verbs.map((verb) => [`${nameOf(verb.path)}.1`, verbPage(verb, date, version)]));
  const root = page('pinnacle', date, tree.summary.replace(/\.$/, ''), version, [
    ...section('SYNOPSIS', '.B pinnacle', '.I command', '[flags]'),
    ...section('COMMANDS', ...tagged(tree.commands.map(({ name, summary }) => [name, summary]))),
    ...section(
      'OPTIONS',
      'Every command takes these.',
      ...tagged(tree.global_flags.map((flag) => [plainTag(flag), flag.help])),
    ),
    ...section(
      'EXIT STATUS',
      ...tagged(tree.exit_codes.map(({ exit, meaning: what }) => [String(exit), what])),
    ),
    ...section('SEE ALSO', verbs.map(({ path }) => `.BR ${plain(nameOf(path))} (1)`).join(',\n')),
  ]);
  return pages.set('pinnacle.1', root);
}
