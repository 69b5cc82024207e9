import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List positions, open ones by default', async () => (await import('./list.ts')).list),
  show: verb('Show one position', async () => (await import('./show.ts')).show),
  mark: verb('Value open positions at prices', async () => (await import('./mark.ts')).mark),
  close: verb('Close a position with the opposite order', async () => (await import('./close.ts')).close),
  'merge-symbol': verb(
    'Book what is under an old name of a symbol under the new one',
    async () => (await import('./merge-symbol.ts')).mergeSymbol,
  ),
  'unmerge-symbol': verb(
    'Take a merge of symbols back',
    async () => (await import('./unmerge-symbol.ts')).unmergeSymbol,
  ),
  history: verb('List the fills of a position', async () => (await import('./history.ts')).history),
  pnl: verb('Sum up profit and loss', async () => (await import('./pnl.ts')).pnl),
  export: verb(
    'Write positions to a file or a pipe',
    async () => (await import('./export.ts')).exportPositions,
  ),
};
