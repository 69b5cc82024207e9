import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Verdict } from '../../util/verdict.ts';
import type { Change } from '../migrations/history.ts';
import type { ServerStats } from './server-stats.ts';

/** What a check is given that needs no database. */
interface Surroundings {
  ctx: Context;
  kind: 'server' | 'embedded';
}

/** What every other check is given: read once, before the first check runs. */
export interface CheckContext extends Surroundings {
  db: Kysely<Database>;
  /** Runs a statement with its values as $1, $2 … and returns the rows. */
  query: <Row>(statement: string, ...values: unknown[]) => Promise<Row[]>;
  server: ServerStats & {
    /** How long one statement takes, in milliseconds. */
    roundTripMs: number;
    /** How far the clock of the server is ahead of ours, in milliseconds. */
    aheadMs: number;
  };
  rollout: {
    /** The last phase that is rolled out, and the newest there is. */
    phase: number;
    newest: number;
    /** The steps that rolled out phases lack: `phase 4 lacks step 2 wide_symbols`. */
    lacking: readonly string[];
    /** The scripts that changed since they were applied. */
    changes: readonly Change[];
  };
}

/**
 * One check of `pinnacle doctor`. The checks are data that help reads too: a file of checks imports neither Kysely nor a
 * driver.
 */
export type Check = Description & (Alone | OfDatabase);

interface Alone {
  /** The check, where it needs no database. */
  alone: (around: Surroundings) => Promise<Verdict>;
}

interface OfDatabase {
  alone?: undefined;
  run: (context: CheckContext) => Promise<Verdict>;
}

interface Description {
  name: string;
  /** The phase whose tables it reads. */
  phase?: 1 | 2 | 3 | 4;
  /** Compares much, or starts an engine: it takes more than a moment. */
  isSlow?: true;
  /** What it reports for the embedded database, where there is nothing to check. */
  embedded?: string;
  /** Repairs what needs no decision. */
  fix?: (context: CheckContext) => Promise<unknown>;
  /** The command or step that helps, where the verdict names none of its own. */
  help?: string;
}
