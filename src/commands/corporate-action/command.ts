import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Put a split, bonus, dividend or the like on record', async () => (await import('./add.ts')).add),
  list: verb('List corporate actions', async () => (await import('./list.ts')).list),
  plan: verb('Show what an action would change', async () => (await import('./plan.ts')).plan),
  apply: verb('Apply an action to every holder', async () => (await import('./apply.ts')).apply),
  reverse: verb('Take an action back', async () => (await import('./reverse.ts')).reverse),
};
