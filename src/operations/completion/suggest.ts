import { setTimeout as wait } from 'node:timers/promises';
import { complete, type OpenValue, type Suggestion } from '../../cli/complete.ts';
import type { Globals } from '../../cli/globals.ts';
import type { Context } from '../../context.ts';
import type { Connection } from '../../platform/postgres/connect.ts';

/** What a database may take to connect and to answer. */
const PATIENCE_MS = 250;

/** Placeholders whose values are paths; the shell knows these. */
const PATHS: Readonly<Record<string, 'file' | 'folder'>> = {
  FILE: 'file',
  PATH: 'file',
  FOLDER: 'folder',
};

export interface Suggested extends Suggestion {
  /** A `word`, or what the shell is to complete by itself. */
  kind: 'word' | 'file' | 'folder';
}

/**
 * What the last of these words can become, as `complete`; ids come from the database of the line. A database that does
 * not answer in time, or refuses, has none; nor has the embedded one, which another command may be waiting for.
 */
export async function suggest(ctx: Context, words: readonly string[]): Promise<Suggested[]> {
  const { suggestions, open, globals } = await complete(ctx.nouns, words);
  const kind = PATHS[open?.placeholder ?? ''];
  if (open && kind) return [{ kind, value: open.typed, description: '' }];
  const all = open ? await idsInTime(ctx, open, globals) : suggestions;
  return all.map(({ value, description }) => ({ kind: 'word', value, description }));
}

/** Ids that begin with what is typed, by a connection of its own; none where it is late or fails. */
async function idsInTime(ctx: Context, open: OpenValue, globals: Globals): Promise<Suggestion[]> {
  const { isId, readIds } = await import('./ids.ts');
  if (!isId(open.placeholder)) return [];
  const late = new AbortController();
  let connection: Connection | undefined;
  try {
    connection = await connect(ctx, globals);
    if (!connection) return [];
    const rows = await Promise.race([
      readIds(connection.kysely, open.placeholder, open.typed),
      wait(PATIENCE_MS, [], { signal: late.signal }),
    ]);
    return rows.map(({ value, description }) => ({ value: open.before + value, description }));
  } catch {
    return [];
  } finally {
    late.abort();
    connection?.sever();
    await connection?.close();
  }
}

/** Connects on first use to the server that the line names or the configuration has; undefined for an embedded database. */
async function connect(
  { configSource }: Context,
  { config, profile, insecureTls = false }: Globals,
): Promise<Connection | undefined> {
  const [{ loadConfig }, { connectServer }] = await Promise.all([
    import('../../platform/config/load.ts'),
    import('../../platform/postgres/connect.ts'),
  ]);
  const { database } = await loadConfig({
    ...configSource,
    file: config ?? configSource.file,
    profile: profile ?? configSource.profile,
  });
  if (database === undefined || database === 'embedded') return undefined;
  return connectServer(database, {
    applicationName: 'pinnacle/completion',
    poolSize: 1,
    statementTimeoutMs: PATIENCE_MS,
    connectTimeoutMs: PATIENCE_MS,
    insecureTls,
  });
}
