import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rolesOf } from '../../../src/cli/command.ts';
import { JOBS, roleOf } from '../../../src/operations/schedule/jobs.ts';
import { allCommands } from '../../helpers/commands.ts';

const commands = await allCommands();

describe('the roles of the definitions', () => {
  it('are what docs/security.md says of cron and owner', () => {
    const page = readFileSync('docs/security.md', 'utf8');
    const row = (role: string) => page.split('\n').find((line) => line.startsWith(`| \`${role}\` |`)) ?? '';
    const writes = (role: 'cron' | 'owner') =>
      commands.filter(({ command }) => command.effect !== 'read' && command.roles?.[0] === role);
    const quoted = (text: string) => [...text.matchAll(/`([a-z][a-z -]+)`/g)].map(([, name]) => name);
    expect(quoted(row('pinnacle_cron')).toSorted()).toEqual(
      writes('cron')
        .map(({ name }) => name)
        .toSorted(),
    );
    const nouns = new Set(writes('owner').map(({ path }) => path[0]));
    expect(quoted(row('pinnacle_owner')).toSorted()).toEqual([...nouns].toSorted());
  });

  it.each(JOBS.map((job) => ({ name: job.name, job })))('let the job $name run as its role', ({ job }) => {
    const name = job.command.replace(/ --.*/, '');
    const command = commands.find((entry) => entry.name === name)?.command;
    const roles: readonly string[] = command ? rolesOf(command).map((role) => `pinnacle_${role}`) : [];
    expect(roles).toContain(roleOf(job));
  });
});
