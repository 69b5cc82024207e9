const MAIN = /^src\/main\.ts$/;
/** What only a run with --jq needs. */
const JQ = /^src\/runtime\/jq\//;
const NOUN = /^src\/commands\/([^/]+)\//;
/** What fewer nouns than these share is read apart from what most runs need. */
const MANY_NOUNS = 6;

/**
 * The file of `dist/` that a chunk goes to, so that a run reads little that it does not use: `small-order` if only that noun
 * reaches it, `small-shared` if a few nouns do, `small-jq` if only --jq does, and `small` if many do or what all commands run through. `outputs` are
 * those of the metafile of esbuild.
 */
export function groupsOf(outputs) {
  const paths = Object.keys(outputs);
  const nounOf = (path) => NOUN.exec(outputs[path].entryPoint ?? '')?.[1];
  const main = paths.find((path) => MAIN.test(outputs[path].entryPoint ?? ''));
  const rail = reachable(outputs, [main], (path) => nounOf(path) === undefined);
  const users = new Map(paths.map((path) => [path, []]));
  for (const noun of new Set(paths.map(nounOf).filter((name) => name !== undefined))) {
    const own = paths.filter((path) => nounOf(path) === noun);
    const isOwn = (path) => [undefined, noun].includes(nounOf(path));
    for (const path of reachable(outputs, own, isOwn)) users.get(path).push(noun);
  }
  const groupOf = (path) => {
    if (JQ.test(outputs[path].entryPoint ?? '')) return 'small-jq';
    return rail.has(path) || users.get(path).length >= MANY_NOUNS ? 'small' : groupOfUsers(users.get(path));
  };
  return new Map(paths.map((path) => [path.slice('dist/'.length), groupOf(path)]));
}

const groupOfUsers = ([noun, another]) => (another === undefined ? `small-${noun}` : 'small-shared');

/** What chunks import, directly or not, at the start or later, as far as they may. */
function reachable(outputs, from, may) {
  const found = new Set(from);
  // A set is walked to its end, also over what is added on the way.
  for (const path of found)
    for (const { path: next, external } of outputs[path].imports) if (!external && may(next)) found.add(next);
  return found;
}
