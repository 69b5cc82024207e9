// Writes docs/commands.md, and the table of commands in README.md, from what the built program says of itself, and the
// table of docs/security.md from what the tests try.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { commandsPage, readmePage } from './docs/commands-page.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const help = execFileSync(process.execPath, [path('../bin/pinnacle.js'), 'help', '--json'], {
  encoding: 'utf8',
});
const tree = JSON.parse(help);
const readme = path('../README.md');
await writeFile(path('../docs/commands.md'), commandsPage(tree));
await writeFile(readme, readmePage(await readFile(readme, 'utf8'), tree));

const entry = path('../test/operations/access/forbidden.ts');
const { outputFiles } = await build({ entryPoints: [entry], format: 'esm', write: false });
const { withForbiddenTable } = await import(
  `data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`
);
const security = path('../docs/security.md');
await writeFile(security, withForbiddenTable(await readFile(security, 'utf8')));
