import pg, { type ClientConfig, type PoolClient } from 'pg';

type StartupConf = { getStartupConf: () => Record<string, string> };

/**
 * A session that PgBouncer refuses: it refuses startup parameters that it neither tracks nor ignores.
 * Ignored settings would be lost silently; a parameter with a name of our own is in no list of ignored ones.
 */
export class DirectClient extends pg.Client {
  constructor(config?: ClientConfig) {
    super(config);
    changeStartup(this, (usual) => ({ ...usual, 'pinnacle.direct': 'on' }));
  }
}

/** A session through PgBouncer, which takes no options: they are set in each transaction. */
export class PooledClient extends pg.Client {
  constructor(config?: ClientConfig) {
    super(config);
    changeStartup(this, ({ options: _options, ...usual }) => usual);
  }
}

function changeStartup(client: pg.Client, change: (usual: Record<string, string>) => Record<string, string>) {
  const startup = client as unknown as StartupConf;
  const usual = startup.getStartupConf.bind(client);
  startup.getStartupConf = () => change(usual());
}

/** True when a pooler refused the startup parameters of a session. */
export function isPoolerRefusal(error: unknown): boolean {
  return /unsupported startup parameter/.test(String((error as Error | undefined)?.message));
}

type Query = (text: unknown, values?: unknown[]) => Promise<unknown>;

/**
 * Makes every statement of a pooled session run in a transaction that begins with these settings: the next transaction may
 * run in another server session.
 */
export function setInTransactions(session: PoolClient, settings: Readonly<Record<string, string>>): void {
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value)}, true)`,
  );
  const set = `; SELECT ${calls.join(', ')}`;
  const query = session.query.bind(session) as Query;
  const inTransactions: Query = async (text, values) => {
    if (typeof text === 'string' && /^(begin|start transaction)\b/i.test(text)) return started(text);
    if (session.getTransactionStatus() !== 'I') return query(text, values);
    await started('BEGIN');
    try {
      const result = await query(text, values);
      await query('COMMIT');
      return result;
    } catch (error) {
      await query('ROLLBACK').catch(() => {});
      throw error;
    }
  };
  const started = async (begin: string) => {
    // In a transaction that has begun, the default isolation level has no effect any more.
    const level = /isolation level/i.test(begin) ? '' : ' ISOLATION LEVEL READ COMMITTED';
    const results = await query(begin + level + set);
    return Array.isArray(results) ? results[0] : results;
  };
  (session as unknown as { query: Query }).query = (text, values) =>
    typeof text === 'object' ? query(text, values) : inTransactions(text, values);
}
