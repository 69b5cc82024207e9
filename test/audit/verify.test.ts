import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, ownServer, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

interface Report {
  entries: string;
  unsealed: number;
  checkpoints: number;
  signatures: string;
  offenders: { problem: string; id: string | null; seq: string | null; detail: string }[];
}

const COLUMNS = 'id, txid, at, actor, command, target, body';

describe.each(databases)('audit verify on $name', ({ name, open }) => {
  // Opening the embedded database for every statement would take minutes; what it shares with a server is tested there.
  const onServer = it.skipIf(name === 'embedded');
  const server = ownServer();
  let db: TestDatabase;
  let folder: string;
  /** The number of entries. */
  let last: number;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-audit-'));
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    writeFileSync(join(folder, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    db = await open(4, server());
    // The first entries are those of the rollout, one per step.
    const { rows } = await db.query('SELECT max(id)::int AS n FROM audit_log');
    const steps = Number(rows[0]?.['n']);
    last = steps + 5;
    for (let i = steps + 1; i <= last; i++)
      await db.query("INSERT INTO audit_log (command, target, body) VALUES ('test', $1, $2)", [
        `thing ${i}`,
        `{"n":${i},"text":"é\\"\\n\\u0001"}`,
      ]);
  });
  afterEach(async () => {
    rmSync(join(folder, 'anchor'), { force: true });
    await db.close();
  });

  const env = () => ({
    PINNACLE_AUDIT_SIGNING_KEY_FILE: join(folder, 'key.pem'),
    PINNACLE_AUDIT_ANCHOR: join(folder, 'anchor'),
  });
  const seal = async () => {
    const { code, stdout, stderr } = await db.cliWith({ env: env() }, 'audit', 'seal', '--json');
    expect({ code, stderr: code ? stderr : '' }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout);
  };
  const verify = async () => {
    const files = ['--anchor', join(folder, 'anchor'), '--public-key', join(folder, 'key.pub')];
    const { code, stdout, stderr } = await db.cli('audit', 'verify', '--json', ...files);
    return { code, stderr, report: JSON.parse(stdout) as Report };
  };
  const found = async () => {
    const { code, report } = await verify();
    expect(code).toBe(6);
    return report.offenders.map(({ problem, id }) => `${problem} ${id}`);
  };
  /** As somebody does who may do everything. */
  const tamper = async (...statements: string[]) => {
    const tables = ['audit_log', 'audit_seals', 'audit_checkpoints'];
    const triggers = (what: string) => tables.map((table) => `ALTER TABLE ${table} ${what} TRIGGER USER`);
    for (const statement of [...triggers('DISABLE'), ...statements, ...triggers('ENABLE')])
      await db.query(statement);
  };

  it('finds nothing in a log that nobody touched', async () => {
    expect(await seal()).toMatchObject({
      sealed: last,
      unsealed: 0,
      seq: String(last),
      checkpoint: 'signed',
    });
    expect(await seal()).toMatchObject({ sealed: 0, checkpoint: 'signed before' });
    const { code, report } = await verify();
    expect(code).toBe(0);
    expect(report).toMatchObject({
      entries: last,
      unsealed: 0,
      checkpoints: 1,
      signatures: 'checked',
      offenders: [],
    });
    expect(statSync(join(folder, 'anchor')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'anchor'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('names what was altered, deleted and inserted', async () => {
    await seal();
    await tamper(
      "UPDATE audit_log SET actor = 'somebody_else' WHERE id = 3",
      'DELETE FROM audit_log WHERE id = 6',
      `INSERT INTO audit_log (${COLUMNS}) OVERRIDING SYSTEM VALUE
       SELECT 1000, txid, at, actor, command, target, body FROM audit_log WHERE id = 5`,
    );
    // Between the transactions of 5 and 7.
    expect(await found()).toEqual(['altered 3', 'deleted 6', 'inserted 1000']);
  });

  onServer('names entries that were swapped, by their ids, bodies or seals', async () => {
    await seal();
    await tamper(
      'UPDATE audit_log SET body = (SELECT o.body FROM audit_log o WHERE o.id = 13 - audit_log.id) WHERE id IN (6, 7)',
    );
    expect(await found()).toEqual(['swapped 6', 'swapped 7']);
    await tamper(
      'UPDATE audit_log SET body = (SELECT o.body FROM audit_log o WHERE o.id = 13 - audit_log.id) WHERE id IN (6, 7)',
      'UPDATE audit_seals SET audit_id = -audit_id WHERE audit_id IN (6, 7)',
      'UPDATE audit_seals SET audit_id = 13 + audit_id WHERE audit_id < 0',
    );
    expect(await found()).toEqual(expect.arrayContaining(['swapped 6', 'swapped 7']));
  });

  onServer('names a seal that was altered, and one that is missing with its entry', async () => {
    await seal();
    await tamper("UPDATE audit_seals SET hash = repeat('0', 64) WHERE seq = 3");
    expect(await found()).toEqual(['seal altered 3']);
    await tamper('DELETE FROM audit_seals WHERE seq = 3', 'DELETE FROM audit_log WHERE id = 3');
    const { report } = await verify();
    expect(report.offenders).toMatchObject([{ problem: 'seal missing', seq: '3' }]);
  });

  onServer('names a tail that was cut off, which only the anchor knows', async () => {
    await seal();
    await tamper(
      'DELETE FROM audit_log WHERE id > 7',
      'DELETE FROM audit_seals WHERE seq > 7',
      'DELETE FROM audit_checkpoints',
    );
    expect((await db.cli('audit', 'verify')).code).toBe(0);
    expect(await found()).toEqual([`checkpoint ${last}`, `tail cut ${last}`]);
  });

  onServer('names a checkpoint that was deleted from the database', async () => {
    await seal();
    await tamper('DELETE FROM audit_checkpoints');
    expect((await verify()).report.offenders).toEqual([
      {
        problem: 'checkpoint',
        id: String(last),
        seq: String(last),
        detail: 'in line 1 of the anchor, but not in the database any more',
      },
    ]);
  });

  onServer('names a chain that was made anew, and a checkpoint that was forged', async () => {
    await seal();
    await tamper(
      "UPDATE audit_log SET target = 'another thing' WHERE id = 2",
      'TRUNCATE audit_seals',
      'SELECT audit_seal(100, true)',
    );
    expect((await verify()).report.offenders).toMatchObject([
      { problem: 'checkpoint', id: String(last), seq: String(last) },
    ]);
    await tamper(
      `UPDATE audit_checkpoints SET body = replace(body, (body::json)->>'hash', s.hash) FROM audit_seals s
       WHERE s.seq = audit_checkpoints.seq`,
    );
    const { report, stderr } = await verify();
    // A checkpoint without a valid signature proves nothing; the anchor tells that the valid one is missing.
    expect(stderr).toContain(`a checkpoint of seal ${last}: its signature is not that of its key`);
    expect(report.offenders.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([expect.stringContaining('not in the database any more')]),
    );
  });

  onServer('knows a log that was restored into another cluster, and seals on', async () => {
    await seal();
    // As of a cluster that had come further: its entries say transactions that are still to come here.
    await tamper(
      "UPDATE audit_seals SET cluster = '1'",
      `INSERT INTO audit_log (txid, command, target, body) VALUES ('4000000000', 'test', 'brought unsealed', '{}')`,
      `UPDATE audit_log SET txid = (txid::text::bigint + 3000000000)::text::xid8 WHERE id <= ${last}`,
      'DELETE FROM audit_checkpoints',
      'TRUNCATE audit_seals',
    );
    rmSync(join(folder, 'anchor'));
    // The chain as the other cluster had made it.
    await tamper(`SELECT audit_seal(${last}, true)`, "UPDATE audit_seals SET cluster = '1'");
    const moved = await db.cli('audit', 'verify', '--json');
    expect({ code: moved.code, ...JSON.parse(moved.stdout) }).toMatchObject({
      code: 0,
      cluster: 'another',
      unsealed: 1,
      offenders: [],
    });
    expect(moved.stderr).toContain('restored from another cluster');
    await given.user(db);
    expect(await seal()).toMatchObject({ unsealed: 0, seq: String(last + 2) });
    const { code, report } = await verify();
    expect({ code, ...report }).toMatchObject({
      code: 0,
      cluster: 'the same',
      entries: last + 2,
      unsealed: 0,
    });
    await given.user(db, 'trader_002');
    expect(await seal()).toMatchObject({ unsealed: 0, seq: String(last + 3) });
  });
});
