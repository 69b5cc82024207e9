import { describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';

const WRONG: [argv: string, message: string][] = [
  ['order list --limit 5 --limit 6', '--limit is given twice; it takes one value.'],
  ['order list --limit=5 --limit=5', '--limit is given twice'],
  ['order list --timeout 1s --timeout 2s', '--timeout is given twice'],
  ['--profile a order list --profile b', '--profile is given twice'],
  ['order list --json order_id --json status', '--json is given twice'],
  ['order list t01', 'order list takes no argument; 1 word is too many. Did you mean --user USER?'],
  ['order list --user t01 filled', 'Did you mean --status'],
  ['order fill o1 10', 'order fill takes only ORDER; 1 word is too many. Did you mean --quantity'],
  [
    'order list --timeout banana',
    '--timeout must be a duration such as 500ms, 30s or 5m, at most 24d, not "banana".',
  ],
  [
    'order export --output x.ndjson --format csv',
    '--format says csv, but a file that ends in .ndjson holds ndjson.',
  ],
  [
    'order export --output x.csv.gz --format ndjson',
    '--format says ndjson, but a file that ends in .csv holds csv.',
  ],
  ['order export --output x.json', 'The rows of an export are no JSON document.'],
];

describe('a command line that cannot be meant', () => {
  const env = { PINNACLE_DATABASE: 'postgres://nobody@127.0.0.1:1/none' };

  it.each(WRONG)('%s ends 2', async (argv, message) => {
    const { code, stdout, stderr } = await cli(argv.split(' '), { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('does not repeat a word that may be a secret', async () => {
    const { code, stderr } = await cli(['user', 'list', 'hunter2'], { env });
    expect([code, stderr]).toEqual([2, expect.not.stringContaining('hunter2')]);
  });
});
