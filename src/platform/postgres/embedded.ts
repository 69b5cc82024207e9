import { randomUUID } from 'node:crypto';
import { access, constants, cp, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../util/failure.ts';
import { shellWord } from '../../util/text.ts';
import { type LockOptions, lockFile } from '../files/lock-file.ts';
import { packageRoot } from '../files/package-root.ts';
import {
  diskFull,
  makePrivate,
  makePrivateFolder,
  makeScratchFolder,
  unusable,
} from '../files/private-folder.ts';
import { type Connection, open, type Tracing } from './connect.ts';
import { RELIED_ON } from './session-settings.ts';

/** The PostgreSQL major version of the embedded engine; a folder of another one cannot be opened. */
const ENGINE_MAJOR = '18';
/** The engine touches all of its cache when it starts: of the usual 128 MB that takes as long as all the rest. */
const SHARED_BUFFERS = '16MB';
/** The size of a file of the engine's log; it needs another one to start. */
const WAL_BYTES = 16 * 2 ** 20;
const DATA_SETTING = 'PINNACLE_DATA_DIR';

export interface EmbeddedOptions extends LockOptions {
  /** Where the template cluster is kept, so that only the first start runs initdb. */
  cacheDir: string;
  /** Whether the database must exist already: a read creates none. */
  mustExist?: boolean;
  /** Told of what takes seconds before it begins; resolves once that is shown, because the engine then holds this process up. */
  tell?: (what: string) => Promise<void>;
  tracing?: Tracing | undefined;
}

/**
 * Opens the embedded database in a folder; a write creates it. One process at a time: the lock is taken before
 * anything is opened, because a second process would corrupt the folder even by reading and closing. Only its owner can
 * use the folder. Throws DATABASE_BUSY (exit 10), ENGINE_MISSING, NO_DATABASE, ENGINE_VERSION or FOLDER_UNUSABLE (exit 78).
 */
export async function openEmbedded(dir: string, options: EmbeddedOptions): Promise<Connection> {
  // Before a folder is created in vain.
  await loadEngine();
  if (options.mustExist) await requireDatabase(dir);
  await makePrivateFolder(dirname(dir), DATA_SETTING);
  const release = await lockFile(`${dir}.lock`, `The embedded database ${dir}`, options).catch(
    unusable(dirname(dir), DATA_SETTING),
  );
  try {
    await takeRestored(dir);
    await prepare(dir, options);
    return await start(dir, DATA_SETTING, release, options.tracing);
  } catch (error) {
    await release();
    throw error;
  }
}

/** Throws NO_DATABASE (exit 78) for a folder without a database, finished or about to be put in place by a restore. */
async function requireDatabase(dir: string): Promise<void> {
  if (await exists(join(dir, 'PG_VERSION'))) return;
  if ((await findRestored(dir).catch(() => undefined)) !== undefined) return;
  throw new Failure('config', 'NO_DATABASE', `There is no embedded database in ${dir}.`, {
    hint: 'Create it: pinnacle migrate up. PINNACLE_DATA_DIR names another folder.',
  });
}

/** The name of a restored database that is not in place yet. */
async function findRestored(dir: string): Promise<string | undefined> {
  const prefix = basename(restoredFolder(dir, ''));
  return (await readdir(dirname(dir))).find((name) => name.startsWith(prefix));
}

/**
 * Opens an embedded database in a temporary folder, which is removed when it is closed. Throws ENGINE_MISSING or
 * FOLDER_UNUSABLE (exit 78).
 */
export async function openScratch(cacheDir: string): Promise<Connection> {
  await loadEngine();
  const dir = await makeScratchFolder('pinnacle-scratch-');
  const remove = () => rm(dir, { recursive: true, force: true });
  try {
    await copyTemplate(dir, cacheDir, 'TMPDIR');
    return await start(dir, 'TMPDIR', remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Opens a new embedded database in a folder, replacing whatever is there. */
export async function openFresh(dir: string, cacheDir: string): Promise<Connection> {
  await copyTemplate(dir, cacheDir, DATA_SETTING);
  return start(dir, DATA_SETTING, async () => {});
}

/** The folder of a restored database until it replaces the current one, which then gets the suffix `stamp`. */
export const restoredFolder = (dir: string, stamp: string) => `${dir}.restored-${stamp}`;

/**
 * Replaces the current database with a restored one, also after a restore that was killed at this point; call it under
 * the lock of the folder. Returns the folder of the former database; undefined where nothing was restored.
 */
export async function takeRestored(dir: string): Promise<string | undefined> {
  const parent = dirname(dir);
  const prefix = basename(restoredFolder(dir, ''));
  const found = await findRestored(dir);
  if (found === undefined) return undefined;
  const before = `${dir}.before-${found.slice(prefix.length)}`;
  if (await exists(join(dir, 'PG_VERSION'))) await rename(dir, before);
  await rename(join(parent, found), dir);
  return before;
}

/** Loads the engine, the one package outside the bundle, which an installation may lack. Throws ENGINE_MISSING (exit 78). */
async function loadEngine() {
  try {
    const [{ PGlite }, { createPgConfig }] = await Promise.all([
      import('@electric-sql/pglite'),
      import('@electric-sql/pglite/node-postgres'),
    ]);
    return { PGlite, createPgConfig };
  } catch (error) {
    if (!/^(ERR_)?MODULE_NOT_FOUND$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const root = await packageRoot();
    throw new Failure(
      'config',
      'ENGINE_MISSING',
      'This needs the embedded PostgreSQL, the package @electric-sql/pglite, which is not installed.',
      {
        hint: `Install it: npm install --omit=dev --prefix ${shellWord(root)}. Without a registry: docs/install.md.`,
      },
    );
  }
}

async function start(
  dir: string,
  setting: string,
  afterClose: () => Promise<void>,
  tracing?: Tracing,
): Promise<Connection> {
  const { PGlite, createPgConfig } = await loadEngine();
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`];
  const engine = await PGlite.create(dir, { startParams }).catch(async (error) => {
    // The engine does not say why it cannot start.
    const { bavail, bsize } = await statfs(dir);
    throw bavail * bsize < WAL_BYTES ? diskFull(dir, setting) : error;
  });
  await engine.exec(
    // The triggers that record what other programs write know ours by this name.
    Object.entries({ ...RELIED_ON, application_name: 'pinnacle/embedded' })
      .map(([name, value]) => `SET ${name} = '${value}';`)
      .join('\n'),
  );
  // The engine's substitute for a connection of pg has types of its own.
  const config = { ...createPgConfig(engine), max: 1 } as unknown as Parameters<typeof open>[1];
  return open('embedded', config, {
    tracing,
    async afterEnd() {
      await engine.close();
      await afterClose();
    },
  });
}

async function prepare(dir: string, options: EmbeddedOptions): Promise<void> {
  const major = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (major === undefined) return copyTemplate(dir, options.cacheDir, DATA_SETTING, options.tell);
  await access(dir, constants.W_OK).catch(unusable(dir, DATA_SETTING));
  // The engine itself creates folders and files for everybody, whatever the umask is.
  await makePrivate(dir);
  if (major.trim() !== ENGINE_MAJOR)
    throw new Failure(
      'config',
      'ENGINE_VERSION',
      `${dir} was made by PostgreSQL ${major.trim()}; this version of pinnacle embeds PostgreSQL ${ENGINE_MAJOR}.`,
      { hint: 'Open it with the pinnacle that made it, or set PINNACLE_DATA_DIR to another folder.' },
    );
}

/** Creates a cluster as a copy of the template, put in place by a rename, so that an interrupted start leaves none. */
async function copyTemplate(
  dir: string,
  cacheDir: string,
  setting: string,
  tell: NonNullable<EmbeddedOptions['tell']> = async () => {},
): Promise<void> {
  const template = await templateFolder(cacheDir, tell).catch(unusable(cacheDir, 'XDG_CACHE_HOME'));
  await tell(`Making the embedded database ${dir}`);
  const draft = `${dir}.new`;
  const copy = async () => {
    await rm(draft, { recursive: true, force: true });
    await cp(template, draft, { recursive: true });
    await makePrivate(draft);
    await rm(dir, { recursive: true, force: true });
    await rename(draft, dir);
  };
  await copy().catch(unusable(dir, setting));
}

async function templateFolder(cacheDir: string, tell: NonNullable<EmbeddedOptions['tell']>): Promise<string> {
  const { PGlite } = await loadEngine();
  const template = join(cacheDir, `embedded-${ENGINE_MAJOR}-${__PGLITE_VERSION__}`);
  if (await exists(join(template, 'PG_VERSION'))) return template;
  await makePrivateFolder(cacheDir, 'XDG_CACHE_HOME');
  await tell('Preparing PostgreSQL for embedded databases, which is done once');
  const draft = `${template}.${randomUUID()}`;
  await (await PGlite.create(draft)).close();
  await makePrivate(draft);
  await rename(draft, template).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    // Another process has just created the same template.
    await rm(draft, { recursive: true, force: true });
  });
  return template;
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
