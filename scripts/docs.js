// Writes docs/commands.md from what the built program says of itself.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandsPage } from './docs/commands-page.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const tree = execFileSync(process.execPath, [path('../bin/pinnacle.js'), 'help', '--json'], {
  encoding: 'utf8',
});
await writeFile(path('../docs/commands.md'), commandsPage(JSON.parse(tree)));
