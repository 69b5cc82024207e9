import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  set: verb('Write a quote to the cache', async () => (await import('./set.ts')).set),
  get: verb('Show the quotes of symbols', async () => (await import('./get.ts')).get),
  list: verb('List the quotes in the cache', async () => (await import('./list.ts')).list),
  import: verb(
    'Write the quotes of a CSV file to the cache',
    async () => (await import('./import.ts')).importQuotes,
  ),
  watch: verb('Print quotes as they change', async () => (await import('./watch.ts')).watch),
  rates: verb('Measure how fresh the quotes are', async () => (await import('./rates.ts')).rates),
};
