import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createIo, Sink } from '../../../src/cli/io.ts';
import { promptSecret } from '../../../src/cli/prompt.ts';

it('a secret is typed unseen, and no key makes it visible', async () => {
  let shown = '';
  const screen = Object.assign(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        shown += chunk.toString();
        done();
      },
    }),
    { isTTY: true, columns: 120 },
  );
  const keyboard = Object.assign(new PassThrough(), { isTTY: true });
  const around = {
    ...{ stdin: keyboard, stdout: screen, stderr: screen, env: {}, cwd: '/', home: '/', user: 'tester' },
    ...{ pid: process.pid, uid: process.getuid?.(), node: process.versions.node, now: () => new Date() },
  };
  const sink = new Sink(screen);
  const io = createIo(around, sink, sink, { quiet: false, color: false, input: true });
  const answer = promptSecret(io, 'The broker_secret:');
  while (!shown.includes('The broker_secret:')) await sleep(5);
  // Ctrl-T is what the library of prompts shows it for, where that is not switched off.
  for (const key of ['canary', '\x14', ' typed', '\r']) {
    keyboard.write(key);
    await sleep(20);
  }
  expect(await answer).toBe('canary typed');
  expect(shown).not.toMatch(/canary|typed|toggle/);
});
