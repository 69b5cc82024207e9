import { commandOf, dueAt, type Job, roleOf, slotsOf } from '../../operations/schedule/jobs.ts';
import type { Place } from './crontab.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** A shell script that installs a service and a timer for each of the jobs; their times name the time zone. */
export function systemd(
  jobs: readonly Job[],
  { exchange, env, user }: Pick<Place, 'exchange' | 'env'> & { user: string },
): string {
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
      `ExecStart=/usr/bin/env ${commandOf(job)}`,
      // The two seconds that a command has to end in good order, and some.
      'TimeoutStopSec=10',
    ]),
    unit(`pinnacle-${job.name}.timer`, [
      '[Unit]',
      `Description=When pinnacle runs: ${job.purpose}`,
      '',
      '[Timer]',
      ...slotsOf(dueAt(job, 0)).map(({ days, hours, minutes }) => {
        const clock = `${two(hours)}:${two(minutes)}:00`;
        return `OnCalendar=${days.map((day) => DAYS[day]).join(',')} *-*-* ${clock} ${exchange}`;
      }),
      // What was due while the machine was off, once it is on again: not what belongs to a time of the trading day.
      `Persistent=${job.days.length === 7 && job.every === undefined}`,
      '',
      '[Install]',
      'WantedBy=timers.target',
    ]),
  ]);
  const started = jobs.filter(({ needs }) => needs !== 'partitions');
  return `#!/bin/sh
# Installs the jobs of pinnacle as systemd timers; run it as root. Another folder than that of systemd may be named.
# A job that ends with another code than 0 is a unit that failed: systemctl --failed, journalctl -u 'pinnacle-*'.
set -eu
dir=\${1:-/etc/systemd/system}
${units.join('')}
[ "$dir" = /etc/systemd/system ] || exit 0
systemctl daemon-reload
systemctl enable --now ${started.map(({ name }) => `pinnacle-${name}.timer`).join(' ')}
`;
}

const unit = (name: string, lines: readonly string[]) =>
  `cat > "$dir/${name}" <<'UNIT'\n${lines.join('\n')}\nUNIT\n`;

const two = (numbers: readonly number[]) => numbers.map((n) => String(n).padStart(2, '0')).join(',');

/** In a unit a percent sign begins a specifier, and a backslash or a quote ends a word. */
const escaped = (value: string) => value.replace(/["\\]/g, '\\$&').replaceAll('%', '%%');
