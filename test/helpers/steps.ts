import { loadSteps } from '../../src/operations/migrations/scripts.ts';
import { splitStatements } from '../../src/operations/migrations/split-statements.ts';
import type { TestDatabase } from './databases.ts';

/** Takes a database of phase 4 back to a step of it, as an earlier version of the program left it. */
export async function backToStep(db: TestDatabase, last: number): Promise<void> {
  const later = (await loadSteps()).filter(({ phase, step }) => phase === 4 && step > last);
  for (const { step, down } of later.toReversed()) {
    for (const { sql } of splitStatements(down.text)) await db.query(sql);
    await db.query(`DELETE FROM pinnacle_migrations WHERE phase = 4 AND step = ${step}`);
  }
}

/** The same for one whose history was written when a phase was a single script. */
export async function backToSingleScripts(db: TestDatabase): Promise<void> {
  await backToStep(db, 1);
  await db.query(
    'ALTER TABLE pinnacle_migrations DROP CONSTRAINT pinnacle_migrations_pkey, DROP COLUMN step, ADD PRIMARY KEY (phase)',
  );
}
