// What the reports of vitest say: `red REPORT` prints the files with failed tests, and on stderr why; `count REPORT …` prints how
// many tests passed and failed, after a second run of the red ones where REPORT.again is there.
import { existsSync, readFileSync } from 'node:fs';

const [what, ...paths] = process.argv.slice(2);

const read = (path) => JSON.parse(readFileSync(path, 'utf8')).testResults;
const testsOf = (path) =>
  read(path).flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: name, key: `${name}\n${test.fullName}` })),
  );
const isRed = ({ status }) => status === 'failed';

if (what === 'red') {
  const red = testsOf(paths[0]).filter(isRed);
  for (const { file, fullName, failureMessages } of red)
    console.error(
      `** red: ${file.replace(`${process.cwd()}/`, '')}: ${fullName}\n${failureMessages.join('\n').slice(0, 2_000)}`,
    );
  // A file that failed as a whole is nothing that another run would answer.
  const broken = read(paths[0]).some(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(isRed),
  );
  if (!broken) for (const file of new Set(red.map((test) => test.file))) console.log(file);
} else {
  const counts = { passed: 0, failed: 0 };
  for (const path of paths) {
    const again = existsSync(`${path}.again`) ? testsOf(`${path}.again`) : [];
    // A test has the same name on both kinds of database: red on one is red.
    const last = new Map(again.map(({ key, status }) => [key, status]));
    for (const { key } of again.filter(isRed)) last.set(key, 'failed');
    for (const { key, status } of testsOf(path)) {
      const final = status === 'failed' ? (last.get(key) ?? status) : status;
      if (final in counts) counts[final]++;
    }
  }
  console.log(counts.passed, counts.failed);
}
