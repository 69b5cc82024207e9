import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let db: TestDatabase;
let child: ChildProcess | undefined;

beforeAll(() => {
  if (!existsSync(`${root}/dist/main.js`))
    execFileSync(process.execPath, ['scripts/build.js'], { cwd: root });
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await db?.close();
});

/** A process of its own: its exit code or signal, and what it says on stderr while it says it. */
function start(onTalk: (text: string) => void = () => {}) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...db.env };
  const program = spawn(process.execPath, [`${root}/bin/pinnacle.js`, 'migrate', 'up'], { env });
  child = program;
  let stderr = '';
  program.stderr.on('data', (chunk) => {
    stderr += chunk;
    onTalk(stderr);
  });
  const ended = new Promise<{ end: number | string | null; stderr: string }>((resolve) =>
    program.on('close', (code, signal) => resolve({ end: code ?? signal, stderr })),
  );
  return { program, ended };
}

async function expectComplete(): Promise<void> {
  expect((await db.cli('migrate', 'up')).code).toBe(0);
  expect((await db.cli('migrate', 'status', '--exit-code')).code).toBe(0);
  expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
}

/** Whether the process waits for a lock. Within a transaction the server shows its activity as it was first seen. */
async function isWaiting(): Promise<boolean> {
  await db.query('SELECT pg_stat_clear_snapshot()');
  const { rows } = await db.query(
    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'pinnacle/migrate up' AND datname = current_database()",
  );
  return rows.length > 0;
}

describe.each(servers)('migrate up on the $name, cut off while it waits for a table', ({ open }) => {
  async function startAndWait() {
    db = await open(1);
    await db.query('BEGIN');
    await db.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
    const run = start();
    await until(isWaiting);
    return run;
  }

  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s', async (signal, expected) => {
    const { program, ended } = await startAndWait();
    program.kill(signal);
    expect((await ended).end).toBe(expected);
    await db.query('COMMIT');
    await expectComplete();
  });

  it('by the server, which is exit 7 and safe to repeat', async () => {
    const { ended } = await startAndWait();
    await db.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pinnacle/migrate up' AND datname = current_database()",
    );
    expect(await ended).toMatchObject({ end: 7, stderr: expect.stringContaining('rolled back') });
    await db.query('COMMIT');
    await expectComplete();
  });
});

describe.each(databases)('migrate up on the $name database, killed after a phase', ({ open }) => {
  it.each([1, 2, 3])('%i', async (phase) => {
    db = await open(0);
    const { program, ended } = start((talk) => {
      if (talk.includes(`phase ${phase} `)) program.kill('SIGKILL');
    });
    await ended;
    await expectComplete();
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > 1_000) throw new Error('it never came to pass');
    await sleep(2);
  }
}
