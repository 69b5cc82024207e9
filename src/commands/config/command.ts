import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  init: verb('Write a configuration file', async () => (await import('./init.ts')).init),
  show: verb('Show the settings in force', async () => (await import('./show.ts')).show),
  path: verb('Show which configuration file is read', async () => (await import('./path.ts')).path),
  validate: verb('Check a configuration file', async () => (await import('./validate.ts')).validate),
};
