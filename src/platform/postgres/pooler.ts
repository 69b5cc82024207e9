import pg, { type ClientConfig, type PoolClient } from 'pg';

type StartupConf = { getStartupConf: () => Record<string, string> };

/**
 * A session that PgBouncer refuses: it lets no startup parameter pass that it neither tracks nor was told to ignore.
 * Settings of a session that are ignored would be lost without a word; a name of our own is on nobody's list.
 */
export class DirectClient extends pg.Client {
  constructor(config?: ClientConfig) {
    super(config);
    const startup = this as unknown as StartupConf;
    const usual = startup.getStartupConf.bind(this);
    startup.getStartupConf = () => ({ ...usual(), 'pinnacle.direct': 'on' });
  }
}

/** True when a pooler refused a session for what it sets at its start. */
export function isPoolerRefusal(error: unknown): boolean {
  return /unsupported startup parameter/.test(String((error as Error | undefined)?.message));
}

type Query = (text: unknown, values?: unknown[]) => Promise<unknown>;

/**
 * Makes every statement of a pooled session run in a transaction that begins with these settings: the next one may be
 * another server session, in which nothing of this one holds.
 */
export function setInTransactions(session: PoolClient, settings: Readonly<Record<string, string>>): void {
  const set = Object.entries(settings)
    .map(([name, value]) => `; SET LOCAL ${name} = '${value}'`)
    .join('');
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
    const results = await query(begin + set);
    return Array.isArray(results) ? results[0] : results;
  };
  (session as unknown as { query: Query }).query = (text, values) =>
    typeof text === 'object' ? query(text, values) : inTransactions(text, values);
}
