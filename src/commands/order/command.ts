import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  place: verb('Place an order', async () => (await import('./place.ts')).place),
  list: verb('List orders, newest first', async () => (await import('./list.ts')).list),
  show: verb('Show one order and its history', async () => (await import('./show.ts')).show),
  watch: verb('Show orders as they change', async () => (await import('./watch.ts')).watch),
  send: verb('Hand orders to the broker', async () => (await import('./send.ts')).send),
  accept: verb('Record that the broker accepted an order', async () => (await import('./accept.ts')).accept),
  fill: verb('Book an execution of an order', async () => (await import('./fill.ts')).fill),
  reject: verb('Record that the broker rejected an order', async () => (await import('./reject.ts')).reject),
  retry: verb('Make a rejected order PENDING again', async () => (await import('./retry.ts')).retry),
  amend: verb('Change quantity or price of a working order', async () => (await import('./amend.ts')).amend),
  cancel: verb('Cancel one working order, or many', async () => (await import('./cancel.ts')).cancel),
  import: verb(
    'Import a file of trades or of orders',
    async () => (await import('./import.ts')).importOrders,
  ),
  export: verb('Write orders to a file or a pipe', async () => (await import('./export.ts')).exportOrders),
};
