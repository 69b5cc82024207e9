import { tmpdir } from 'node:os';
import type { TestProject } from 'vitest/node';
import { findBinaries } from './binaries.ts';
import { startServer } from './postgres.ts';

/** Starts one PostgreSQL server for the lane, which the watchdog ends, or takes the one named by PINNACLE_TEST_DATABASE_URL. */
export async function setup(project: TestProject): Promise<void> {
  const bin = findBinaries(project.config.env['PINNACLE_TEST_POSTGRES']);
  const start = async () => (await startServer({ synchronous_commit: 'off' }, tmpdir(), bin)).url;
  project.provide('serverUrl', process.env['PINNACLE_TEST_DATABASE_URL'] ?? (await start()));
}
