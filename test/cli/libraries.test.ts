import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { servers } from '../helpers/databases.ts';
import { start } from '../helpers/process.ts';

/** What a library says while the program is at work. */
const ADVICE = `setTimeout(() => {
  process.emitWarning('the .pgpass module is old', 'DeprecationWarning');
  console.warn('[WARN] the server needs no password');
}, 20);`;

describe.each(servers)('what libraries say, beside the $name', ({ open }) => {
  it('reaches neither stream', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'pinnacle-libraries-')), 'library.cjs');
    writeFileSync(file, ADVICE);
    const db = await open();
    try {
      const env = { ...db.env, NODE_OPTIONS: `--require ${file}` };
      expect(await start(env, 'risk', 'check', '--quiet').ended).toEqual({ code: 0, stdout: '', stderr: '' });
      const { code, stderr } = await start(env, 'user', 'show', 'nobody', '--json').ended;
      expect([code, JSON.parse(stderr).error.code]).toEqual([3, 'USER_NOT_FOUND']);
    } finally {
      await db.close();
    }
  });
});
