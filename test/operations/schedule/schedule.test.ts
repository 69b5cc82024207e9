import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Noun, Verb } from '../../../src/cli/command.ts';
import type { GLOBAL_FLAGS } from '../../../src/cli/globals.ts';
import { dueAt, JOBS, type Slot, slotsOf } from '../../../src/operations/schedule/jobs.ts';
import { serviceUser } from '../../../src/operations/schedule/print-schedule.ts';
import { NOUNS } from '../../../src/program.ts';
import { cli } from '../../helpers/cli.ts';
import { words } from '../../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-schedule-'));
afterAll(() => rmSync(folder, { recursive: true }));

const env = { PATH: '/opt/50%/bin:/usr/bin', PINNACLE_DATABASE: 'embedded' };
const withRedis = { ...env, REDIS_URL: 'redis://127.0.0.1:1' };
const printed = async (format: string, around: Record<string, string> = env, ...more: string[]) => {
  const { code, stdout, stderr } = await cli(['schedule', 'print', format, ...more], { env: around });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

/** The minutes of the week of a crontab's fields. */
function minutesOf(line: string): number[] {
  const [minutes = '', hours = '', , , days = ''] = line.split(' ');
  const expand = (field: string, of: number): number[] =>
    field.split(',').flatMap((part) => {
      const [range = '', step = '1'] = part.split('/');
      const [first = '0', last = first] = range === '*' ? ['0', String(of - 1)] : range.split('-');
      const count = Math.floor((Number(last) - Number(first)) / Number(step)) + 1;
      return Array.from({ length: count }, (_, i) => Number(first) + i * Number(step));
    });
  return expand(days, 7).flatMap((day) =>
    expand(hours, 24).flatMap((hour) => expand(minutes, 60).map((minute) => (day * 24 + hour) * 60 + minute)),
  );
}
async function definition(command: string) {
  const [, noun = '', ...more] = words(command);
  const { own, verbs } = NOUNS[noun] as Noun;
  const found = more[0]?.startsWith('-') ? own : (await verbs())[more[0] ?? ''];
  return (found as Verb).load();
}
const expanded = (slots: readonly Slot[]) =>
  slots
    .flatMap(({ days, hours, minutes }) =>
      days.flatMap((day) =>
        hours.flatMap((hour) => minutes.map((minute) => (day * 24 + hour) * 60 + minute)),
      ),
    )
    .sort((a, b) => a - b);

describe('the times of the jobs', () => {
  it('whatever the clock, the slots are the minutes that are due, each once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...JOBS), fc.integer({ min: -14 * 60, max: 14 * 60 }), (job, ahead) => {
        const due = dueAt(job, ahead);
        expect(expanded(slotsOf(due))).toEqual(due);
        expect(new Set(due).size).toBe(due.length);
      }),
    );
  });

  it('risk is checked from the opening to the close, on the days of trading', () => {
    const [job] = JOBS.filter(({ name }) => name === 'risk-check') as [(typeof JOBS)[number]];
    const due = dueAt(job, 0);
    expect(due).toHaveLength(5 * 76);
    expect([due[0], due.at(-1)]).toEqual([(24 + 9) * 60 + 15, (5 * 24 + 15) * 60 + 30]);
  });
});

describe('schedule print', () => {
  it('crontab: every line is due when the job is, on the clock of the machine', async () => {
    const text = await printed('crontab', withRedis);
    for (const job of JOBS) {
      const lines = text.split('\n').filter((line) => line.includes(`pinnacle ${job.command} --quiet`));
      const ahead = -330 - new Date().getTimezoneOffset();
      const due = lines.flatMap((line) => minutesOf(line.replace(/^# /, ''))).sort((a, b) => a - b);
      expect({ job: job.name, due }).toEqual({ job: job.name, due: dueAt(job, ahead) });
    }
    expect(text).toContain('PATH=/opt/50%/bin:/usr/bin\n');
    expect(text).toContain('# 01:00, as a member of pinnacle_owner: back up ');
    expect(text).toContain('# 09:15 to 15:30 every 5 min, as a member of pinnacle_cron: ');
  });

  it('every job is a command that there is, and asks nobody', async () => {
    const jobs = JSON.parse(await printed('crontab', withRedis, '--json')) as { command: string }[];
    expect(jobs).toHaveLength(JOBS.length);
    for (const { command } of jobs) {
      const [name, ...argv] = words(command);
      expect([name, argv.slice(-3)]).toEqual(['pinnacle', ['--quiet', '--no-input', '--skip-if-running']]);
      const { code, stderr } = await cli([...argv, '--help']);
      expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
      // With its flags it is understood: what stops it is that no database is configured.
      expect({ command, code: (await cli(argv)).code }).toEqual({ command, code: 78 });
    }
  });

  it('leaves out what needs Redis where there is none, and switches partitions off', async () => {
    const text = await printed('crontab');
    expect(text).not.toContain('realtime drain');
    expect(await printed('crontab', withRedis)).toContain('realtime drain');
    expect(text).toMatch(/^# [\d ]+\* \* \d pinnacle partition ensure /m);
  });

  it('names the configuration, and no secret of it', async () => {
    const file = join(folder, 'pinnacle.config.json');
    writeFileSync(file, JSON.stringify({ database: 'postgres://x:hunter2@db/p' }), { mode: 0o600 });
    for (const format of ['crontab', 'systemd']) {
      const text = await printed(format, { PATH: '/bin' }, '--config', file);
      expect(text).toContain(`PINNACLE_CONFIG=${file}`);
      expect(text).not.toContain('hunter2');
    }
  });

  it('carries the settings of the shell, so that the jobs find the database', async () => {
    const around = { ...env, PINNACLE_DATA_DIR: 'book', PINNACLE_TIME_ZONE: 'Asia/Tokyo' };
    const text = await printed('crontab', around);
    for (const line of ['PINNACLE_DATABASE=embedded', 'PINNACLE_TIME_ZONE=Asia/Tokyo'])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^PINNACLE_DATA_DIR=\/.*\/book$/m);
    const url = 'postgres://job@127.0.0.1:5433/book';
    expect(await printed('systemd', { DATABASE_URL: url })).toContain(`Environment="DATABASE_URL=${url}"`);
  });

  // What every global flag does here: for this run alone, for its jobs, or refused.
  const FLAGS: Record<keyof typeof GLOBAL_FLAGS, 'own' | readonly [string[], string | number]> = {
    json: 'own',
    jq: 'own',
    csv: 'own',
    columns: 'own',
    quiet: 'own',
    verbose: 'own',
    'no-color': 'own',
    'no-pager': 'own',
    'no-input': 'own',
    utc: 'own',
    debug: 'own',
    // Jobs that ask have it already.
    yes: 'own',
    'skip-if-running': 'own',
    timeout: [['--timeout', '90s'], 'PINNACLE_TIMEOUT=90s'],
    'allow-superuser': [['--allow-superuser'], 'PINNACLE_ALLOW_SUPERUSER=true'],
    'insecure-tls': [['--insecure-tls'], '--insecure-tls --quiet'],
    primary: [['--primary'], '--primary --quiet'],
    log: [['--log', join(folder, 'jobs log')], `--log=${join(folder, 'jobs log')}`],
    config: [['--config', join(folder, 'flags.json')], `PINNACLE_CONFIG=${join(folder, 'flags.json')}`],
    profile: [['--config', join(folder, 'flags.json'), '--profile', 'test'], 'PINNACLE_PROFILE=test'],
    'dry-run': [['--dry-run'], 2],
    'idempotency-key': [['--idempotency-key', 'k1'], 2],
    confirm: [['--confirm', 'prod'], 2],
  };

  it.each(
    Object.entries(FLAGS).flatMap(([flag, given]) => (given === 'own' ? [] : [[flag, ...given] as const])),
  )('--%s is carried into the jobs, or refused: never lost', async (flag, given, expected) => {
    const file = { profiles: { test: { database: 'embedded' } } };
    writeFileSync(join(folder, 'flags.json'), JSON.stringify(file), { mode: 0o600 });
    for (const format of ['crontab', 'systemd']) {
      const { code, stdout, stderr } = await cli(['schedule', 'print', format, ...given], { env });
      if (typeof expected === 'number') {
        expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
        expect(stderr).toContain(`--${flag}`);
      } else {
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout.replaceAll('"', '').replaceAll("'", '')).toContain(expected);
      }
    }
  });

  it('jobs understand what is carried: with it they get as far as the database', async () => {
    const url = 'postgres://job@127.0.0.1:1/book';
    const flags = ['--timeout', '2s', '--allow-superuser', '--insecure-tls', '--log', join(folder, 'log')];
    const around = { ...withRedis, PINNACLE_DATABASE: url };
    const text = await printed('crontab', around, ...flags);
    const set = Object.fromEntries(
      [...text.matchAll(/^(PINNACLE_\w+|REDIS_URL)=(.*)$/gm)].map(([, k, v]) => [k, v]),
    );
    const [line = ''] = text.match(/pinnacle session end .*/) ?? [];
    const { code, stderr } = await cli(words(line).slice(1), { env: set as Record<string, string> });
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('127.0.0.1') });
    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('"command":"session end"');
  });

  it.each([
    [{ DATABASE_URL: 'postgres://job:hunter2@db/book' }, 'SECRET_IN_ENVIRONMENT', 'DATABASE_URL'],
    [
      { DATABASE_URL: 'postgres://job@db/book', PGPASSWORD: 'hunter2' },
      'SECRET_IN_ENVIRONMENT',
      'PGPASSWORD',
    ],
    [
      { PINNACLE_DATABASE: 'embedded', REDIS_URL: 'redis://:hunter2@r' },
      'SECRET_IN_ENVIRONMENT',
      'REDIS_URL',
    ],
    [{}, 'NO_DATABASE', 'No database'],
  ])('refuses %j, of which the jobs would know nothing', async (around, code, named) => {
    const result = await cli(['schedule', 'print', 'crontab', '--json'], {
      env: around as Record<string, string>,
    });
    expect(result).toMatchObject({ code: 78, stdout: '' });
    const { error } = JSON.parse(result.stderr);
    expect(error).toMatchObject({ code, message: expect.stringContaining(named) });
    expect(result.stderr).not.toContain('hunter2');
  });

  describe('on a protected profile', () => {
    const file = join(folder, 'protected.json');
    const profile = { database: 'postgres://job@127.0.0.1:1/book', protected: true };
    writeFileSync(file, JSON.stringify({ profiles: { prod: profile, "it's 5$": profile } }), { mode: 0o600 });

    it('every job gets as far as the database, with the name where it writes', async () => {
      const of = ['--config', file, '--profile', 'prod'];
      const around = { ...withRedis, DATABASE_URL: profile.database };
      const jobs = JSON.parse(await printed('crontab', around, ...of, '--json')) as { command: string }[];
      expect(jobs).toHaveLength(JOBS.length);
      for (const { command } of jobs) {
        const { stderr } = await cli([...words(command).slice(1), ...of], { env: around });
        expect({ command, stderr }).toEqual({ command, stderr: expect.not.stringContaining('is protected') });
        // A read is not burdened with it.
        const { effect } = await definition(command);
        expect({ command, named: command.includes('--confirm=prod') }).toEqual({
          command,
          named: effect !== 'read' && !command.includes('backup'),
        });
      }
    });

    it('a name that a shell or systemd would expand is quoted', async () => {
      const of = ['--config', file, '--profile', "it's 5$"];
      const text = await printed('crontab', env, ...of);
      const line = text.split('\n').find((job) => job.includes('session end')) ?? '';
      const command = line.slice(line.indexOf('pinnacle')).replaceAll('\\%', '%');
      const shown = execFileSync('sh', ['-c', command.replace('pinnacle', "printf '%s\n'")], {
        encoding: 'utf8',
      });
      expect(shown.split('\n')).toContain("--confirm=it's 5$");
      expect(await printed('systemd', env, ...of)).toContain(`"--confirm=it's 5$$"`);
    });
  });

  it('refuses a setting with a line break, which would be a job of its own', async () => {
    const around = { ...env, PINNACLE_DATA_DIR: '/x\n* * * * * touch /tmp/y' };
    expect(await cli(['schedule', 'print', 'crontab'], { env: around })).toMatchObject({
      code: 78,
      stdout: '',
    });
  });

  it('carries the folder that the embedded database is in by default', async () => {
    expect(await printed('crontab', { ...env, XDG_DATA_HOME: '/srv/data' })).toContain(
      'XDG_DATA_HOME=/srv/data\n',
    );
  });

  it('systemd: the units run as an ordinary user, also when root prints them', async () => {
    expect(await printed('systemd')).toContain('User=tester\n');
    expect(serviceUser('root', undefined)).toBe('pinnacle');
    expect(serviceUser('root', 'asha')).toBe('asha');
    expect(serviceUser('root', 'root')).toBe('pinnacle');
  });

  it('systemd: the script writes units that systemd understands, in the time zone of the exchange', async () => {
    const script = join(folder, 'install.sh');
    writeFileSync(script, await printed('systemd', withRedis));
    const dir = mkdtempSync(join(folder, 'units-'));
    execFileSync('sh', [script, dir]);
    const units = readdirSync(dir).sort();
    expect(units).toHaveLength(2 * JOBS.length);
    expect(readFileSync(join(dir, 'pinnacle-risk-check.timer'), 'utf8')).toContain(
      'OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 09:15,20,25,30,35,40,45,50,55:00 Asia/Kolkata',
    );
    expect(readFileSync(join(dir, 'pinnacle-doctor.service'), 'utf8')).toContain(
      'Environment="PATH=/opt/50%%/bin:/usr/bin"',
    );
  });

  it.skipIf(!existsSync('/usr/bin/systemd-analyze'))('systemd finds nothing wrong with them', async () => {
    const script = join(folder, 'install.sh');
    writeFileSync(script, await printed('systemd', withRedis));
    const dir = mkdtempSync(join(folder, 'units-'));
    execFileSync('sh', [script, dir]);
    const units = readdirSync(dir);
    const times = units.flatMap((unit) =>
      [...readFileSync(join(dir, unit), 'utf8').matchAll(/^OnCalendar=(.*)$/gm)].map(([, time = '']) => time),
    );
    for (const time of times) execFileSync('systemd-analyze', ['calendar', time], { stdio: 'pipe' });
    execFileSync('systemd-analyze', ['verify', '--man=no', ...units.map((unit) => join(dir, unit))], {
      stdio: 'pipe',
    });
  });
});
