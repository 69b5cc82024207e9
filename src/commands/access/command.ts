import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  plan: verb('Show the SQL that apply would run', async () => (await import('./plan.ts')).plan),
  apply: verb('Create the roles and grant them their rights', async () => (await import('./apply.ts')).apply),
  show: verb('Show who may do what', async () => (await import('./show.ts')).show),
};
