import { describe, expect, it } from 'vitest';
import { type CommandLine, readCommandLine } from '../../src/cli/command-line.ts';
import { NOUNS } from '../../src/program.ts';

async function read(text: string): Promise<CommandLine> {
  return readCommandLine(NOUNS, text === '' ? [] : text.split(' '));
}

describe('a command line is read as', () => {
  it.each<[string, string, string, object]>([
    ['', '', '', {}],
    ['order list', 'order list', '', {}],
    ['--json order list', 'order list', '', { json: true }],
    ['order --json list --limit 5', 'order list', '--limit 5', { json: true }],
    ['--timeout 3s order list', 'order list', '', { timeout: '3s' }],
    ['order list --timeout=3s --no-color', 'order list', '', { timeout: '3s', color: false }],
    ['order list --limit=5 --dry-run', 'order list', '--limit=5', { dryRun: true }],
    ['--limit=5 order list', 'order list', '--limit=5', {}],
    ['--json order_id order list', 'order list', '', { json: 'order_id' }],
    ['order list --json=nope', 'order list', '', { json: 'nope' }],
    ['order list --json nope', 'order list', '', { json: 'nope' }],
    ['order show --json ord_1', 'order show', 'ord_1', { json: true }],
    ['order show --json=ord_1', 'order show', '', { json: 'ord_1' }],
    ['order show ord_1 --json nope', 'order show', 'ord_1', { json: 'nope' }],
    ['order show --json status ord_1', 'order show', 'ord_1', { json: 'status' }],
    ['risk remove --json trader_001 max_drawdown', 'risk remove', 'trader_001 max_drawdown', { json: true }],
    ['order import --json - --as orders', 'order import', '- --as orders', { json: true }],
    ['risk halt --reason --json', 'risk halt', '--reason --json', {}],
    ['order show -- --json', 'order show', '-- --json', {}],
    ['order show -- --json --utc', 'order show', '-- --json --utc', {}],
    ['order list --timeout', 'order list', '--timeout', {}],
    ['order list --quiet=yes', 'order list', '--quiet=yes', {}],
    ['order nonsense --json', 'order', 'nonsense', { json: true }],
    ['order nonsense -h', 'order', 'nonsense', {}],
    ['order -h', 'order', '-h', {}],
    ['doctor --utc', 'doctor', '', { utc: true }],
    ['doctor ledger --utc', 'doctor ledger', '', { utc: true }],
  ])('%j', async (text, path, rest, globals) => {
    const line = await read(text);
    expect([line.path.join(' '), line.rest.join(' '), line.help]).toEqual([path, rest, false]);
    expect(line.globals).toEqual({ color: true, pager: true, input: true, ...globals });
  });

  it.each([
    ['help', '', '--help', false],
    ['--json help', '', '--help', true],
    ['help --json order show', 'order show', '--help', true],
    ['--timeout 3s help order place', 'order place', '--help', false],
    ['help --json exit-codes', '', 'exit-codes', true],
  ])('help: %j', async (text, path, rest, json) => {
    const line = await read(text);
    expect([line.help, line.path.join(' '), line.rest.join(' ')]).toEqual([true, path, rest]);
    expect(line.globals.json).toBe(json ? true : undefined);
  });
});
