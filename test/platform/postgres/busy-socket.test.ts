import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';

it('a socket whose queue is full is a database that cannot be reached, not a mistake of ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-busy-'));
  const path = join(folder, '.s.PGSQL.5432');
  // Listens, and is stopped before it takes anybody.
  const listen = `require('net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => console.log('up'))`;
  const server = spawn(process.execPath, ['-e', listen]);
  await new Promise((up) => server.stdout.once('data', up));
  server.kill('SIGSTOP');
  const waiting: Socket[] = [];
  try {
    for (let i = 0; i < 4; i++) waiting.push(connect(path).on('error', () => {}));
    await sleep(50);
    const env = { DATABASE_URL: `postgres://u@/d?host=${encodeURIComponent(folder)}` };
    const { code, stderr } = await cli(['user', 'list'], { env });
    expect({ code, stderr }).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('Nothing was changed'),
    });
  } finally {
    for (const socket of waiting) socket.destroy();
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
