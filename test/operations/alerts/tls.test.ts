import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certify, makeAuthority } from '../../helpers/certificates.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { startWith } from '../../helpers/process.ts';
import { type Mailed, type Posted, type Receiver, startHook, startMail } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { words } from '../../helpers/words.ts';

const PASSWORD = 'correct horse';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe.each(servers)('alerts by TLS, on $name', ({ openCold }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-alert-tls-'));
  let db: TestDatabase;
  let upgraded: Receiver<Mailed>;
  let implicit: Receiver<Mailed>;
  let hook: Receiver<Posted>;
  const logins: string[] = [];

  beforeAll(async () => {
    makeAuthority(folder, 'authority');
    certify(folder, 'authority', 'here', 'IP:127.0.0.1,DNS:localhost');
    const tls = { key: readFileSync(join(folder, 'here.key')), cert: readFileSync(join(folder, 'here.pem')) };
    const mail = (secure: boolean) =>
      startMail({
        ...tls,
        secure,
        authOptional: false,
        onAuth({ username = '', password }, session, done) {
          logins.push(`${username} ${session.secure}`);
          if (password === PASSWORD) done(null, { user: username });
          else done(Object.assign(new Error('bad login'), { responseCode: 535 }));
        },
      });
    [db, upgraded, implicit, hook] = await Promise.all([openCold(), mail(false), mail(true), startHook(tls)]);
    await giveRing(db);
  });
  afterAll(async () => {
    await Promise.all([upgraded.stop(), implicit.stop(), hook.stop(), db.close()]);
    rmSync(folder, { recursive: true });
  });

  const run = (line: string, { stdin = '', trusting = true } = {}) => {
    const env = { ...db.env, ...(trusting && { NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem') }) };
    return startWith({ env, stdin }, ...words(line), '--json').ended;
  };
  const addMail = async (name: string, port: number, more: string, password: string) => {
    const added = await run(
      `alert channel add ${name} email --host 127.0.0.1 --port ${port} --login desk --from a@example.com --to b@example.com --secret-stdin ${more}`,
      { stdin: password },
    );
    expect(added).toMatchObject({ code: 0 });
  };

  it('log in only after STARTTLS, with a certificate that is trusted', async () => {
    await addMail('desk', upgraded.port, '--tls starttls', PASSWORD);
    const sent = await run('alert channel test desk');
    expect(JSON.parse(sent.stdout)).toMatchObject({ outcome: 'sent' });
    expect(logins.splice(0)).toEqual(['desk true']);
    expect(upgraded.got).toHaveLength(1);
    const refused = await run('alert channel test desk', { trusting: false });
    expect(refused.code).toBe(7);
    expect(logins).toEqual([]);
  });

  it('log in by implicit TLS, and a wrong password is refused', async () => {
    await addMail('right', implicit.port, '--tls implicit', PASSWORD);
    await addMail('wrong', implicit.port, '--tls implicit', 'battery staple');
    expect(await run('alert channel test right')).toMatchObject({ code: 0 });
    const wrong = await run('alert channel test wrong');
    expect(wrong.code).toBe(6);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      outcome: 'refused',
      problem: expect.stringContaining('535'),
    });
    expect(wrong.stdout + wrong.stderr).not.toContain('battery');
  });

  it('are not sent where the server has no TLS but should', async () => {
    const plain = await startMail();
    await addMail('plain', plain.port, '--tls starttls', PASSWORD);
    expect(await run('alert channel test plain')).toMatchObject({ code: 7 });
    expect(plain.got).toEqual([]);
    await plain.stop();
  });

  it('go to a webhook by HTTPS', async () => {
    expect(
      await run(`alert channel add hook webhook --url ${hook.url} --secret-stdin`, { stdin: SECRET }),
    ).toMatchObject({ code: 0 });
    expect(await run('alert channel test hook')).toMatchObject({ code: 0 });
    expect(hook.got).toHaveLength(1);
    const refused = await run('alert channel test hook', { trusting: false });
    expect(refused.code).toBe(7);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      problem: expect.stringMatching(/^no connection \(\w+\)$/),
    });
    expect(hook.got).toHaveLength(1);
  });
});
