import type { TestProject } from 'vitest/node';
import { startServer } from './postgres.ts';

/** Starts one PostgreSQL server for the run, or takes the one named by PINNACLE_TEST_DATABASE_URL. */
export async function setup(project: TestProject): Promise<() => Promise<void> | undefined> {
  const given = process.env['PINNACLE_TEST_DATABASE_URL'];
  const server = given ? undefined : await startServer();
  project.provide('serverUrl', given ?? server?.url ?? '');
  return () => server?.stop();
}
