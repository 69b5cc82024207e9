import { execFileSync } from 'node:child_process';
import { createCipheriv, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decrypt } from '../../../src/platform/secrets/envelope.ts';
import { parseRing } from '../../../src/platform/secrets/key-ring.ts';

const DOCS = readFileSync('docs/security.md', 'utf8');
const [, PROGRAM = ''] = /```python\n([\s\S]*?)```/.exec(DOCS) ?? [];
const PYTHON = process.env['PINNACLE_TEST_PYTHON'] ?? '/usr/bin/python3';

const told = (name: string) => new RegExp(`\\| ${name} \\| \`(.*)\` \\|`).exec(DOCS)?.[1] ?? '';
const [key, keyId, user, column] = ['key', 'key id', 'user id', 'column'].map(told) as [
  string,
  string,
  string,
  string,
];
const [nonce, secret, envelope] = ['nonce, in hex', 'secret', 'envelope'].map(told) as [
  string,
  string,
  string,
];
const RING = { version: 1, active: keyId, keys: { [keyId]: { key, created_at: '2026-01-31T03:45:00Z' } } };

/** As the page tells it, by nothing of ours. */
function computed(): string {
  const derive = (info: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', info, bytes));
  const id = derive('pinnacle key id', 4).toString('hex');
  const place = ['pne1', id, 'users', column, user].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(part));
    return [length, Buffer.from(part)];
  });
  const cipher = createCipheriv(
    'aes-256-gcm',
    derive('pinnacle broker credential', 32),
    Buffer.from(nonce, 'hex'),
  );
  cipher.setAAD(Buffer.concat(place));
  const parts = [
    Buffer.from(nonce, 'hex'),
    cipher.update(secret, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ];
  return `pne1.${id}.${Buffer.concat(parts).toString('base64url')}`;
}

function canRun(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import cryptography'], { stdio: 'pipe' });
    return true;
  } catch {
    process.stderr.write(`the program of docs/security.md is not run: ${PYTHON} lacks cryptography\n`);
    return false;
  }
}

describe('the test vector of docs/security.md', () => {
  it('is what its description makes of it', () => {
    expect(computed()).toBe(envelope);
  });

  it('is read by this program, at its place alone', () => {
    const ring = parseRing(JSON.stringify(RING));
    const place = { table: 'users', column, row: user };
    expect(decrypt(ring, place, envelope)).toEqual({ secret });
    for (const other of [{ row: 'trader_002' }, { column: 'broker_token' }])
      expect(decrypt(ring, { ...place, ...other }, envelope)).toEqual({ problem: 'SECRET_INTEGRITY' });
  });

  it.skipIf(!canRun())('is read by the program that the page shows', () => {
    const call = `import json, sys\nprint(ascii([read_credential(json.loads(sys.argv[1]), *sys.argv[2:4], s) for s in (sys.argv[4], "plain", "")]))`;
    const argv = [JSON.stringify(RING), user, column, envelope];
    const printed = execFileSync(PYTHON, ['-c', `${PROGRAM}\n${call}`, ...argv], { encoding: 'utf8' });
    expect(printed.trim()).toBe(String.raw`['\u20b9 no real secret', 'plain', '']`);
    const moved = [JSON.stringify(RING), 'trader_002', column, envelope];
    expect(() => execFileSync(PYTHON, ['-c', `${PROGRAM}\n${call}`, ...moved], { stdio: 'pipe' })).toThrow(
      /InvalidTag/,
    );
  });
});
