'use strict';

// Keeps V8's compiled form of the program in the user's own cache folder, which saves a fifth of every start. Node 22
// can do it by itself; for Node 20 the chunks of dist/ are cached here, apart for every build: V8 takes code of the same
// length for the same code, and a chunk may keep its name when what it loads has another. Whenever the cache fails, the
// program runs without it.
const {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { enableCompileCache, wrap } = require('node:module');
const { homedir } = require('node:os');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const DIST = join(__dirname, '../dist/');

/** The exports of the program, which runs from the cache if there can be one. */
exports.loadProgram = () => {
  const cache = cacheFolder();
  if (cache !== undefined && isOurs(cache)) {
    if (!enableCompileCache) {
      const { build } = require('../dist/package.json');
      return loadCached(join(cache, `compiled-${process.version}-${process.arch}-${build}${flagsOfNode()}`));
    }
    enableCompileCache(join(cache, 'compiled'));
  }
  return require('../dist/main.js');
};

/** A part of a name, for V8 takes no code that was compiled under other flags. */
function flagsOfNode() {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  return flags.replace(/\W+/g, '-').slice(0, 100);
}

/** Undefined for a user without HOME and without an account. */
function cacheFolder() {
  try {
    return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pinnacle');
  } catch {
    return undefined;
  }
}

/** Whether nobody else can put a link or a file into the folder, which is created if need be: root may have another's HOME. */
function isOurs(folder) {
  try {
    const uid = process.getuid();
    const parent = lstatSync(dirname(folder), { throwIfNoEntry: false });
    if (parent && parent.uid !== uid && parent.uid !== 0) return false;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const own = lstatSync(folder);
    return own.isDirectory() && own.uid === uid;
  } catch {
    return false;
  }
}

/** Loads the chunks by their names: to find each by Node's rules takes as long as to run it. */
function loadCached(folder) {
  const loaded = [];
  const modules = new Map();
  const load = (id) => {
    if (!id.startsWith('./')) return require(id);
    const known = modules.get(id);
    if (known) return known.exports;
    const module = { exports: {} };
    modules.set(id, module);
    const name = id.slice(2);
    const filename = join(DIST, name);
    const path = join(folder, name.replace(/^(small.*)\.js$/, `$1.${command()}`));
    const stored = read(path);
    const cachedData = wholeOf(stored);
    // The build writes ASCII.
    const script = new Script(wrap(readFileSync(filename, 'latin1')), { filename, cachedData });
    const isTaken = script.cachedDataRejected === false;
    const isRefused = stored !== undefined && !isTaken;
    loaded.push({ path, script, size: isTaken ? cachedData.length : 0, isRefused });
    script.runInThisContext().call(module.exports, module.exports, load, module, filename, DIST);
    return module.exports;
  };
  process.once('exit', (code) => save(folder, loaded, code));
  return load('./main.js');
}

/** The noun and the verb: each command uses other functions of the files that hold small modules. */
function command() {
  const words = process.argv.slice(2).filter((word) => /^[a-z][a-z-]*$/.test(word));
  return words.slice(0, 2).join('-') || 'none';
}

/** What decides which functions a run uses: command, names of flags, terminal or pipe, and how it ended. */
function formOf(code) {
  const flags = process.argv.flatMap((word) => /^--?[a-z-]+/.exec(word)?.[0] ?? []);
  return [command(), ...new Set(flags.sort()), process.stdout.isTTY ? 'terminal' : 'pipe', code].join(' ');
}

function read(path) {
  try {
    const { uid, mode } = statSync(path);
    // Code from another user must never run.
    return uid === process.getuid() && (mode & 0o022) === 0 ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What was stored, unless it is damaged, say by a loss of power: V8 runs whatever it is given, or crashes. It is stored twice,
 * because to compare is quicker than to load what makes checksums.
 */
function wholeOf(stored) {
  if (stored === undefined) return undefined;
  const once = stored.subarray(0, stored.length / 2);
  return once.equals(stored.subarray(once.length)) ? once : undefined;
}

const DRAFT_LIFETIME_MS = 60_000;
const OLD_BUILD_MS = 7 * 24 * 3_600_000;
/** How often a form of a run looks whether it compiled anything anew, and how often without finding any. */
const LOOKS_PER_FORM = 10;
const SETTLED_AFTER = 3;
const MOST_LOOKS = 2_000;

/** Makes the folder of this build, and removes those of builds to which nothing was added for a week. */
function makeFolder(folder) {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) === undefined) return;
  const parent = dirname(folder);
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (/^compiled-/.test(name) && path !== folder && Date.now() - lstatSync(path).mtimeMs > OLD_BUILD_MS)
      rmSync(path, { recursive: true, force: true });
  }
}

/** Removes the drafts of processes that were killed, or had no space left. */
function removeDrafts(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/\.\d+$/.test(name) && Date.now() - lstatSync(path).mtimeMs > DRAFT_LIFETIME_MS)
      rmSync(path, { force: true });
  }
}

/**
 * V8's compiled form of a file holds the functions that were called until then, so every form of a run adds those that it
 * is the first to call.
 */
function save(folder, loaded, code) {
  try {
    const form = formOf(code);
    const looks = join(folder, 'looks');
    // What is damaged, or was compiled on another processor, is not taken: then all begins anew.
    const isAnew = loaded.some(({ isRefused }) => isRefused);
    const known = isAnew ? [] : (read(looks)?.toString().split('\n') ?? []);
    const found = known.filter((look) => look === form).length;
    const settled = known.filter((look) => look === `settled ${form}`).length;
    if (settled >= SETTLED_AFTER || found + settled >= LOOKS_PER_FORM || known.length > MOST_LOOKS) return;
    makeFolder(folder);
    removeDrafts(folder);
    let isSettled = true;
    for (const { path, script, size } of loaded) {
      const data = script.createCachedData();
      // V8 may have dropped functions that were not called for long: what is there is never replaced by less.
      if (data.length <= size) continue;
      isSettled = false;
      const draft = `${path}.${process.pid}`;
      // Fails where there is a file or a link: nothing is written through one.
      writeFileSync(draft, Buffer.concat([data, data]), { mode: 0o600, flag: 'wx' });
      renameSync(draft, path);
    }
    const note = isAnew ? writeFileSync : appendFileSync;
    note(looks, `${isSettled ? 'settled ' : ''}${form}\n`, { mode: 0o600 });
  } catch {
    // No home, a full disk: the next start is a little slower, that is all.
  }
}
