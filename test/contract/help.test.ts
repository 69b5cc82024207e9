import { describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { allCommands } from '../helpers/commands.ts';

describe.each(await allCommands())('$name', ({ path, command }) => {
  it('has help on stdout with its examples', async () => {
    const { code, stdout, stderr } = await cli([...path, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      expect(stdout).toContain(`$ pinnacle ${example}`);
      expect(example.startsWith(path.join(' '))).toBe(true);
    }
  });

  it('refuses an unknown flag with exit 2', async () => {
    const { code, stdout } = await cli([...path, '--no-such-flag']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('refuses an unknown column with exit 2 and the list', async () => {
    const { code, stdout, stderr } = await cli([...path, '--json=no_such_column']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const { error } = JSON.parse(stderr);
    expect(error.hint).toContain(Object.keys(command.fields)[0]);
  });

  it('names its columns as the tables do', () => {
    for (const field of Object.keys(command.fields)) expect(field).toMatch(/^[a-z][a-z0-9_]*$/);
  });
});
