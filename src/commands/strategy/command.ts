import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a strategy, from flags or a JSON file', async () => (await import('./add.ts')).add),
  import: verb('Add the strategies of a file', async () => (await import('./import.ts')).importStrategies),
  update: verb('Change a strategy', async () => (await import('./update.ts')).update),
  enable: verb('Make a strategy available', async () => (await import('./enable.ts')).enable),
  disable: verb('Make a strategy unavailable', async () => (await import('./disable.ts')).disable),
  list: verb('List strategies', async () => (await import('./list.ts')).list),
  show: verb('Show one strategy', async () => (await import('./show.ts')).show),
  stats: verb('Show usage and results of strategies', async () => (await import('./stats.ts')).stats),
  activate: verb('Activate a strategy for a user', async () => (await import('./activate.ts')).activate),
  pause: verb('Pause a strategy of a user', async () => (await import('./pause.ts')).pause),
  resume: verb('Resume a paused strategy of a user', async () => (await import('./resume.ts')).resume),
  stop: verb('Stop a strategy of a user', async () => (await import('./stop.ts')).stop),
};
