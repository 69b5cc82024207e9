import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  bash: verb('The completion script of bash', async () => (await import('./script.ts')).bash),
  zsh: verb('The completion script of zsh', async () => (await import('./script.ts')).zsh),
  fish: verb('The completion script of fish', async () => (await import('./script.ts')).fish),
  powershell: verb(
    'The completion script of PowerShell',
    async () => (await import('./script.ts')).powershell,
  ),
  suggest: verb('What a word can become', async () => (await import('./suggest.ts')).suggest),
};
