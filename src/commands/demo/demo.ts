import { join, resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { dataHome } from '../../platform/config/resolve.ts';
import { SETTINGS } from '../../platform/config/settings.ts';
import { usage } from '../../util/failure.ts';
import { shellWord } from '../../util/text.ts';

export const demo = defineCommand({
  effect: 'write',
  writesTo: 'file',
  args: {},
  flags: {
    keep: toggle('leave a playground to practise in'),
    remove: toggle('remove the playground'),
    dir: optional(
      text('FOLDER', 'its folder (default: pinnacle/playground in the folder of your data)', 4_096),
    ),
  },
  fields: {
    folder: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    traders: {
      type: 'rows',
      of: {
        user_id: { type: 'text' },
        name: { type: 'text' },
        trades: { type: 'integer' },
        open_positions: { type: 'integer' },
        working_orders: { type: 'integer' },
        violated: { type: 'integer' },
        realized_pnl: { type: 'money', kind: 'gain' },
        total_capital: { type: 'money' },
      },
    },
  },
  examples: ['demo', 'demo --keep', 'demo --keep --dir practice', 'demo --remove --dir practice --yes'],
  details: `Five traders, thirty trading days: trades, strategies, limits, sessions, marks, a limit that broke and the halt that followed,
notifications, and orders of today at every stage, in an embedded database of its own that the commands it prints have made.
Without --keep it is made in a temporary folder and removed again; --keep leaves it and says how to work in it, --remove removes
it. Whatever is configured, no other database and no Redis is touched, and no folder that is not a playground. The trades are the same in
each run, on the last thirty weekdays.`,
  async run({ keep, remove, dir }, ctx: Context) {
    if (keep && remove) throw usage('--keep and --remove exclude each other.');
    if (dir !== undefined && !keep && !remove) throw usage('--dir is for --keep and --remove.');
    const folder = resolve(ctx.cwd, dir ?? join(dataHome(ctx.configSource), 'pinnacle', 'playground'));
    const deed = remove ? 'remove' : keep && !ctx.dryRun ? 'keep' : 'show';
    const { runDemo } = await import('../../operations/playground/playground.ts');
    const traders = await told(ctx, deed, (tell) => runDemo(ctx, deed, folder, tell));
    ctx.io.afterwards.push(...(deed === 'keep' ? nextSteps(ctx, folder, dir) : AFTER[deed]));
    return { folder: deed === 'show' ? null : folder, state: STATES[deed], traders };
  },
});

const STATES = { keep: 'kept', show: 'shown', remove: 'removed' } as const;
const AFTER = {
  show: ['This is gone again. To keep one and practise in it: pinnacle demo --keep'],
  remove: [],
} as const;

/** Tells of each command, as a line where the demo is to be seen, else as progress. */
async function told<T>(
  { io }: Context,
  deed: keyof typeof STATES,
  work: (tell: (line: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (deed === 'show') return work(io.say);
  if (deed === 'remove') return work(async () => {});
  const progress = await startProgress(io, 'Making a playground');
  return work(async (line) => progress.update(line)).finally(progress.stop);
}

/** How to work in the playground from this shell, whose variables may name another database. */
function nextSteps({ configSource: { env } }: Context, folder: string, dir: string | undefined): string[] {
  const names = [...Object.values(SETTINGS).flatMap((setting) => setting.env), 'PINNACLE_PROFILE'];
  const others = names.filter((name) => env[name]);
  return [
    'To practise in this shell:',
    `  export PINNACLE_CONFIG=${shellWord(join(folder, 'pinnacle.config.json'))}`,
    ...(others.length > 0 ? [`  unset ${others.join(' ')}`] : []),
    '  pinnacle position list',
    '  pinnacle risk status',
    '  pinnacle order list --status PENDING',
    `To remove it: pinnacle demo --remove${dir === undefined ? '' : ` --dir ${shellWord(folder)}`}`,
  ];
}
