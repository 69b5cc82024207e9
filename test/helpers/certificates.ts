import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (cwd: string, ...words: string[]) => execFileSync('openssl', words, { cwd, stdio: 'pipe' });

/** An authority of the tests' own. */
export function makeAuthority(folder: string, name: string): void {
  openssl(
    folder,
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
  );
}

/** A certificate that an authority gives to a host. */
export function certify(folder: string, authority: string, name: string, host: string): void {
  openssl(
    folder,
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.csr`],
  );
  writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${host}\n`);
  openssl(
    folder,
    ...['x509', '-req', '-days', '2', '-in', `${name}.csr`, '-CA', `${authority}.pem`],
    ...['-CAkey', `${authority}.key`, '-CAcreateserial', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
  );
}
