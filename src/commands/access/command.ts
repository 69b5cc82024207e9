import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  plan: verb('Show the SQL that apply would run', async () => (await import('./plan.ts')).plan),
  apply: verb('Create the roles and apply their grants', async () => (await import('./apply.ts')).apply),
  show: verb('Show superusers, members of roles and grants', async () => (await import('./show.ts')).show),
};
