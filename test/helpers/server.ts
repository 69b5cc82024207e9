import type { TestProject } from 'vitest/node';
import { startServer } from './postgres.ts';

/** Starts one PostgreSQL server for the run, which the watchdog ends, or takes the one named by PINNACLE_TEST_DATABASE_URL. */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env['PINNACLE_TEST_DATABASE_URL'];
  project.provide('serverUrl', given ?? (await startServer({ synchronous_commit: 'off' })).url);
}
