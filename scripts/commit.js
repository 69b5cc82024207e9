import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';

/** What a build is made of: it decides whether a commit describes it. */
const SOURCES = ['bin', 'src', 'migrations', 'scripts/build.js', 'package.json', 'npm-shrinkwrap.json'];

const git = (...argv) =>
  execFileSync('git', argv, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** The commit that is checked out, as text and by its time; `unknown` outside a repository of our own. */
export function readCommit() {
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync('.')) throw new Error('not ours');
    const [hash, time] = git('log', '-1', '--date=format-local:%Y-%m-%dT%H:%M:%SZ', '--format=%H %cd').split(
      ' ',
    );
    const changed = git('status', '--porcelain', '--', ...SOURCES) === '' ? '' : ' with changes';
    return { time, text: `${hash.slice(0, 10)}${changed}, ${time.slice(0, 10)}` };
  } catch {
    return { text: 'unknown' };
  }
}
