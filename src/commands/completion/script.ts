import { defineCommand } from '../../cli/command.ts';
import { RawOutput } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { Scripts } from '../../operations/completion/scripts.ts';

const script = (shell: keyof Scripts) =>
  defineCommand({
    effect: 'read',
    still: true,
    args: {},
    flags: {},
    fields: { shell: { type: 'text' }, script: { type: 'text' } },
    examples: [`completion ${shell}`],
    details: `Prints the script that completes words of pinnacle in ${shell}. Its first lines say how to install it.`,
    async run(_input, _ctx: Context) {
      const { SCRIPTS } = await import('../../operations/completion/scripts.ts');
      return new RawOutput([Buffer.from(SCRIPTS[shell])], [{ shell, script: SCRIPTS[shell] }]);
    },
  });

export const bash = script('bash');
export const zsh = script('zsh');
export const fish = script('fish');
export const powershell = script('powershell');
