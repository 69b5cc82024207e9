import { shellWord } from '../../util/text.ts';
import { dueAt, type Given, isOff, type Job, roleOf, slotsOf, wordsOf } from './jobs.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export interface SystemdOptions {
  exchangeZone: string;
  /** Variables that the jobs need. */
  env: Readonly<Record<string, string>>;
  given: Given;
  /** The operating system's user that runs the jobs. */
  user: string;
}

/** A shell script that installs a service and a timer per job, for systemd. */
export function systemd(jobs: readonly Job[], { exchangeZone, env, given, user }: SystemdOptions): string {
  const units = jobs.flatMap((job) => [
    unit(`pinnacle-${job.name}.service`, [
      '[Unit]',
      `Description=pinnacle: ${job.purpose}`,
      `# As a member of ${roleOf(job)}.`,
      'After=network-online.target',
      '',
      '[Service]',
      'Type=oneshot',
      `User=${user}`,
      ...Object.entries(env).map(([name, value]) => `Environment="${name}=${escaped(value)}"`),
      `ExecStart=/usr/bin/env ${wordsOf(job, given).map(unitWord).join(' ')}`,
      // A command has two seconds to end in good order.
      'TimeoutStopSec=10',
    ]),
    unit(`pinnacle-${job.name}.timer`, [
      '[Unit]',
      `Description=When pinnacle runs: ${job.purpose}`,
      '',
      '[Timer]',
      ...slotsOf(dueAt(job, 0)).map(({ days, hours, minutes }) => {
        const clock = `${twoDigits(hours)}:${twoDigits(minutes)}:00`;
        return `OnCalendar=${days.map((day) => DAYS[day]).join(',')} *-*-* ${clock} ${exchangeZone}`;
      }),
      // A daily job that was due while the machine was off runs at its next start; a job of the trading day does not.
      `Persistent=${job.days.length === 7 && job.every === undefined}`,
      '',
      '[Install]',
      'WantedBy=timers.target',
    ]),
  ]);
  const enabled = jobs.filter((job) => !isOff(job));
  return `#!/bin/sh
# Installs the jobs of pinnacle as systemd timers that run as ${user}; run it as root. An argument names another folder.
# A job that fails is a failed unit: systemctl --failed, journalctl -u 'pinnacle-*'.
set -eu
dir=\${1:-/etc/systemd/system}
${units.join('')}
[ "$dir" = /etc/systemd/system ] || exit 0
id ${shellWord(user)} >/dev/null 2>&1 || useradd --system --create-home ${shellWord(user)}
${readable(env['PINNACLE_CONFIG'], user)}systemctl daemon-reload
systemctl enable --now ${enabled.map(({ name }) => `pinnacle-${name}.timer`).join(' ')}
`;
}

/** Refuses to install jobs that could not read their configuration. */
function readable(file: string | undefined, user: string): string {
  if (file === undefined) return '';
  const path = shellWord(file);
  return `runuser -u ${shellWord(user)} -- test -r ${path} || {
  echo "${user} cannot read its configuration; run: chown ${user}" ${path} >&2
  exit 1
}
`;
}

const unit = (name: string, lines: readonly string[]) =>
  `cat > "$dir/${name}" <<'UNIT'\n${lines.join('\n')}\nUNIT\n`;

const twoDigits = (numbers: readonly number[]) => numbers.map((n) => String(n).padStart(2, '0')).join(',');

/** In a unit file a percent sign starts a specifier, and a backslash or a quote ends a word. */
const escaped = (value: string) => value.replace(/["\\]/g, '\\$&').replaceAll('%', '%%');

/** A word of a command in a unit file, where a dollar sign starts a variable as well. */
const unitWord = (text: string) =>
  shellWord(text) === text && !text.includes('%') ? text : `"${escaped(text).replaceAll('$', '$$$$')}"`;
