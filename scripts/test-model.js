// Random commands against a model of the system: `npm run test:model -- --runs 1000 [--seed N]`.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string' } },
});
const env = {
  ...process.env,
  PINNACLE_MODEL_RUNS: values.runs,
  ...(values.seed && { PINNACLE_MODEL_SEED: values.seed }),
};
const { status } = spawnSync('npx', ['vitest', 'run', 'test/model'], { stdio: 'inherit', env });
process.exitCode = status ?? 1;
