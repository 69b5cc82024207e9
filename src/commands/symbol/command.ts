import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  alias: verb('Say that a symbol is the old name of another', async () => (await import('./alias.ts')).alias),
  unalias: verb('Take an alias away', async () => (await import('./unalias.ts')).unalias),
  list: verb('List the symbols that have a new name', async () => (await import('./list.ts')).list),
};
