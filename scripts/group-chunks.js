const NOUN = /^src\/commands\/([^/]+)\/command\.ts$/;
const COMMANDS = /^src\/commands\//;
const MAIN = /^src\/main\.ts$/;
/** What fewer nouns than these share is read apart from what most runs need. */
const MANY_NOUNS = 6;

/**
 * The file of `dist/` that a chunk goes to, so that a run reads little that it does not use: `small-order` if only that noun
 * reaches it, `small-shared` if a few nouns do, and `small` if many do or what all commands run through. `outputs` are
 * those of the metafile of esbuild.
 */
export function groupsOf(outputs) {
  const nouns = Object.entries(outputs).flatMap(([path, { entryPoint }]) => {
    const name = NOUN.exec(entryPoint ?? '')?.[1];
    return name === undefined ? [] : [{ name, path }];
  });
  const tables = new Set(nouns.map(({ path }) => path));
  const users = new Map(Object.keys(outputs).map((path) => [path, []]));
  for (const { name, path } of nouns)
    for (const chunk of reachable(outputs, path, tables)) users.get(chunk).push(name);
  const commands = new Set(pathsOf(outputs, COMMANDS));
  const rail = reachable(outputs, pathsOf(outputs, MAIN)[0], commands);
  return new Map(
    [...users].map(([path, by]) => [path.slice('dist/'.length), rail.has(path) ? 'small' : groupOf(by)]),
  );
}

const pathsOf = (outputs, entry) =>
  Object.keys(outputs).filter((path) => entry.test(outputs[path].entryPoint ?? ''));

function groupOf(nouns) {
  if (nouns.length === 0 || nouns.length >= MANY_NOUNS) return 'small';
  return nouns.length === 1 ? `small-${nouns[0]}` : 'small-shared';
}

/** What a chunk imports, directly or not, at the start or later; but not through the table of another noun. */
function reachable(outputs, start, tables) {
  const found = new Set([start]);
  // A set is walked to its end, also over what is added on the way.
  for (const path of found)
    for (const { path: next, external } of outputs[path].imports)
      if (!external && !tables.has(next)) found.add(next);
  return found;
}
