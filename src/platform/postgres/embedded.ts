import { randomUUID } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../util/failure.ts';
import { type LockOptions, lockFile } from '../files/lock-file.ts';
import { type Connection, open } from './connect.ts';

/** The PostgreSQL major version of the embedded engine; a folder of another one cannot be opened. */
const ENGINE_MAJOR = '18';
/** The engine touches all of its cache when it starts: of the usual 128 MB that takes as long as all the rest. */
const SHARED_BUFFERS = '16MB';

export interface EmbeddedOptions extends LockOptions {
  /** Where a pristine cluster is kept, so that only the very first start pays for initdb. */
  cacheDir: string;
}

/**
 * Opens the embedded database in a folder, making it on first use. One process at a time: the lock is taken before
 * anything is opened, because a second process that merely reads and closes ruins the folder.
 */
export async function openEmbedded(dir: string, options: EmbeddedOptions): Promise<Connection> {
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 });
  const release = await lockFile(`${dir}.lock`, `The embedded database ${dir}`, options);
  try {
    await takeRestored(dir);
    await prepare(dir, options);
    const connection = await start(dir, release);
    return connection;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Opens a scratch embedded database that nobody else sees, in a folder that is removed with it. */
export async function openScratch(dir: string, cacheDir: string): Promise<Connection> {
  await copyTemplate(dir, cacheDir);
  return start(dir, () => rm(dir, { recursive: true, force: true }));
}

/** Opens a new embedded database in a folder, which takes the place of whatever is there. */
export async function openFresh(dir: string, cacheDir: string): Promise<Connection> {
  await copyTemplate(dir, cacheDir);
  return start(dir, async () => {});
}

/** The folder that a restored database waits in to take the place of another one: `stamp` is that one's suffix then. */
export const restoredFolder = (dir: string, stamp: string) => `${dir}.restored-${stamp}`;

/**
 * Puts a database that was restored in the place of the one before, which is kept: also what a killed restore has left to
 * do. Under the lock of the folder. Gives where the one before is now; undefined where nothing was restored.
 */
export async function takeRestored(dir: string): Promise<string | undefined> {
  const [parent, prefix] = [dirname(dir), basename(restoredFolder(dir, ''))];
  const found = (await readdir(parent)).find((name) => name.startsWith(prefix));
  if (found === undefined) return undefined;
  const before = `${dir}.before-${found.slice(prefix.length)}`;
  if (await exists(join(dir, 'PG_VERSION'))) await rename(dir, before);
  await rename(join(parent, found), dir);
  return before;
}

async function start(dir: string, afterClose: () => Promise<void>): Promise<Connection> {
  const [{ PGlite }, { createPgConfig }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite/node-postgres'),
  ]);
  const startParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${SHARED_BUFFERS}`];
  const engine = await PGlite.create(dir, { startParams });
  await engine.exec("SET TimeZone = 'UTC'");
  // The engine's socket-less stand-in for a pg connection is typed apart from pg's own.
  const config = { ...createPgConfig(engine), max: 1 } as unknown as Parameters<typeof open>[1];
  return open('embedded', config, {
    async afterEnd() {
      await engine.close();
      await afterClose();
    },
  });
}

async function prepare(dir: string, options: EmbeddedOptions): Promise<void> {
  const major = await readFile(join(dir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (major === undefined) return copyTemplate(dir, options.cacheDir);
  if (major.trim() !== ENGINE_MAJOR)
    throw new Failure(
      'config',
      'ENGINE_VERSION',
      `${dir} was made by PostgreSQL ${major.trim()}; this version of pinnacle embeds PostgreSQL ${ENGINE_MAJOR}.`,
      { hint: 'Open it with the pinnacle that made it, or set PINNACLE_DATA_DIR to another folder.' },
    );
}

/** A new cluster: a copy of the template, put in place whole, so that a killed first start leaves nothing half made. */
async function copyTemplate(dir: string, cacheDir: string): Promise<void> {
  const template = await templateFolder(cacheDir);
  const draft = `${dir}.new`;
  await rm(draft, { recursive: true, force: true });
  await cp(template, draft, { recursive: true });
  await rm(dir, { recursive: true, force: true });
  await rename(draft, dir);
}

async function templateFolder(cacheDir: string): Promise<string> {
  const { PGlite } = await import('@electric-sql/pglite');
  const template = join(cacheDir, `embedded-${ENGINE_MAJOR}-${__PGLITE_VERSION__}`);
  if (await exists(join(template, 'PG_VERSION'))) return template;
  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  const draft = `${template}.${randomUUID()}`;
  await (await PGlite.create(draft)).close();
  await rename(draft, template).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    // Another process was faster; its template is as good.
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
