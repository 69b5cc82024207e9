// Checks that all that is shipped, in the bundle or beside it, may be passed on under the conditions of its licence alone.
import { readFileSync } from 'node:fs';

const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'MIT-0'];

const { components } = JSON.parse(readFileSync('dist/sbom.cdx.json', 'utf8'));
const others = components.filter(
  ({ licenses }) => !licenses.every(({ license }) => ALLOWED.includes(license.id)),
);
for (const { name, version, licenses } of others)
  process.stderr.write(
    `${name} ${version}: ${licenses.map(({ license }) => license.id)} is not on the list in scripts/check-licenses.js\n`,
  );
process.stdout.write(`${components.length} packages, ${others.length} with another licence\n`);
process.exitCode = others.length > 0 ? 1 : 0;
