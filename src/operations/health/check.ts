import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Verdict } from '../../util/verdict.ts';

/** What every check is given. */
export interface CheckContext {
  ctx: Context;
  kind: 'server' | 'embedded';
  db: Kysely<Database>;
  /** The last phase of the rollout that the database has. */
  phase: number;
}

export interface Check {
  /** The phase whose tables it looks at. */
  phase?: 1 | 2 | 3 | 4;
  look: (scene: CheckContext) => Promise<Verdict>;
  /** Puts right what can be put right without a decision. */
  fix?: (scene: CheckContext) => Promise<unknown>;
}
