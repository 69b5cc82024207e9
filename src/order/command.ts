import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  place: verb('Place an order', async () => (await import('./place.ts')).place),
  list: verb('List orders, newest first', async () => (await import('./list.ts')).list),
  show: verb('Show one order', async () => (await import('./show.ts')).show),
  fill: verb('Book an execution of an order', async () => (await import('./fill.ts')).fill),
  cancel: verb('Cancel a working order', async () => (await import('./cancel.ts')).cancel),
  import: verb('Import a file of executed trades', async () => (await import('./import.ts')).importOrders),
};
