import { type Command, takesKey } from '../../src/cli/command.ts';
import type { CliResult } from '../helpers/cli.ts';
import { allCommands } from '../helpers/commands.ts';
import type { Cut } from './proxy.ts';
import type { Copy, Scene, Stage } from './stage.ts';

/** How a command goes when nothing is in its way. */
export interface Undisturbed {
  code: number;
  before: string;
  after: string;
  messages: number;
  /** What is wrong with it even so. */
  wrong: readonly string[];
}

const definitions = new Map((await allCommands()).map(({ name, command }) => [name, command]));

/** The definition of the command that a scene runs. */
function commandOf({ path }: Scene): Command {
  const command = definitions.get(path);
  if (!command) throw new Error(`There is no command ${path}.`);
  return command;
}

/** Runs the command in peace; its change has exactly one entry in the audit log, but where it only measures. */
export async function undisturbed(scene: Scene, stage: Stage): Promise<Undisturbed> {
  const { path } = scene;
  const { multiStep, entries: written } = commandOf(scene);
  const copy = await stage.copy();
  const before = await copy.state();
  stage.postgres.arm();
  const { code, stderr } = await stage.run(copy);
  if (![0, 6].includes(code)) throw new Error(`undisturbed it ends ${code}: ${stderr}`);
  const { messages } = stage.postgres.seen();
  const after = await copy.state();
  await copy.close();
  const entries = entriesIn(after) - entriesIn(before);
  const due = before === after || written === 'none' ? 0 : 1;
  const isMany = multiStep || written === 'each';
  const isRight = path.startsWith('migrate') || (isMany ? entries >= due : entries === due);
  const wrong = isRight ? [] : [`${path} leaves ${entries} entries in the audit log`];
  return { code, before, after, messages, wrong };
}

const entriesIn = (state: string) => state.split('\n').filter((line) => line.startsWith('audit_log ')).length;

/** Kills a process of the command at one point, and runs it again; says what is wrong with what came of it. */
export async function judgeKill(scene: Scene, stage: Stage, way: Undisturbed, cut: Cut): Promise<string[]> {
  const copy = await stage.copy();
  const key = keyOf(scene);
  try {
    const { child, ended } = stage.start(copy, ...key);
    stage.postgres.arm(cut, () => child.kill('SIGKILL'));
    await ended;
    stage.postgres.arm();
    const state = await copy.state();
    const isWhole = state === way.before || state === way.after || commandOf(scene).multiStep;
    const wrong = isWhole ? [] : [`it is half done:\n${difference(state, way.after)}`];
    return [...wrong, ...(await judgeAgain(scene, stage, way, copy, key))].map(
      (each) => `${scene.text}, killed ${cut.side} message ${cut.message} of ${way.messages}: ${each}`,
    );
  } finally {
    await copy.close();
  }
}

const keyOf = (scene: Scene) => (takesKey(commandOf(scene)) ? ['--idempotency-key', 'fault'] : []);

/** Runs the command with a cut at one point, and again; says what is wrong with what came of it. */
export async function judgeCut(scene: Scene, stage: Stage, way: Undisturbed, cut: Cut): Promise<string[]> {
  const copy = await stage.copy();
  const key = keyOf(scene);
  try {
    stage.postgres.arm(cut);
    const first = await stage.run(copy, ...key);
    const { commits } = stage.postgres.seen();
    stage.postgres.arm();
    const state = await copy.state();
    const wrong = [...judgeExit(scene, way, cut, first, state, commits), ...judgeWords(first, key)];
    return [...wrong, ...(await judgeAgain(scene, stage, way, copy, key))].map(
      (each) =>
        `${scene.text}, ${cut.side} message ${cut.message} of ${way.messages}, server ${cut.server}: ${each}`,
    );
  } finally {
    await copy.close();
  }
}

/** The exit code tells the truth: 0 committed, 7 nothing changed, 9 only where nobody could know. */
function judgeExit(
  scene: Scene,
  { before, after, code }: Undisturbed,
  { server }: Cut,
  first: CliResult,
  state: string,
  commits: number,
): string[] {
  const wrong: string[] = [];
  const { multiStep } = commandOf(scene);
  const stands = state === after ? 'after' : state === before ? 'before' : 'between';
  if (stands === 'between' && !multiStep) wrong.push(`it is half done:\n${difference(state, after)}`);
  const done = [code, 8].includes(first.code);
  if (done && stands !== 'after')
    wrong.push(`it ended ${first.code} and stands ${stands}:\n${difference(state, after)}`);
  if (first.code === 7 && state !== before && !multiStep) wrong.push(`it ended 7 and stands ${stands}`);
  if (first.code === 9 && (commits === 0 || server === 'back'))
    wrong.push(`it ended 9 where it could have known, after ${commits} COMMITs`);
  if (!done && ![7, 9].includes(first.code) && !(multiStep && first.code === 10))
    wrong.push(`it ended ${first.code}: ${first.stderr}`);
  return wrong;
}

function judgeWords({ code, stdout, stderr }: CliResult, key: readonly string[]): string[] {
  if (code === 9 && !stderr.includes(key.join(' '))) return [`it does not say what helps: ${stderr}`];
  return / {4}at |node:internal|broker secret/.test(stdout + stderr) ? [`it says too much: ${stderr}`] : [];
}

/** Under the same key the effect is there once, whatever happened the first time. */
async function judgeAgain(
  scene: Scene,
  stage: Stage,
  { after, code }: Undisturbed,
  copy: Copy,
  key: readonly string[],
): Promise<string[]> {
  const { repeat } = commandOf(scene);
  if (repeat === 'advances') return [];
  copy.takeKeys();
  const again = await untilFree(() => stage.run(copy, ...key));
  if (again.code !== code && !(key.length === 0 && again.code === 0))
    return [`again it ended ${again.code}: ${again.stderr}`];
  if (key.length === 0) return [];
  const state = await copy.state();
  if (state !== after) return [`again it stands elsewhere:\n${difference(state, after)}`];
  if (repeat !== 'once') return [];
  const bare = await stage.run(copy);
  const last = await copy.state();
  return last === after
    ? []
    : [`without a key it was done twice (${bare.code}):\n${difference(last, after)}`];
}

/** The server ends a session that was cut off when it next hears of it: until then its locks may be in the way. */
export async function untilFree(run: () => Promise<CliResult>): Promise<CliResult> {
  const until = performance.now() + 30_000;
  for (;;) {
    const result = await run();
    if (result.code !== 10 || performance.now() > until) return result;
  }
}

/** The lines that only one of two states has. */
export function difference(state: string, other: string): string {
  const [a, b] = [state.split('\n'), other.split('\n')];
  const only = (lines: string[], others: string[], mark: string) =>
    lines.filter((line) => !others.includes(line)).map((line) => `${mark} ${line.slice(0, 300)}`);
  return [...only(a, b, '+'), ...only(b, a, '-')].slice(0, 12).join('\n');
}
