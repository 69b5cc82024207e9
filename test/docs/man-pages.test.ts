import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isHere } from '../helpers/binaries.ts';
import { allCommands } from '../helpers/commands.ts';

const FOLDER = 'dist/man/man1';

describe('manual pages', () => {
  it('there is one for every command, and one for the program', async () => {
    const names = (await allCommands()).map(({ path }) => ['pinnacle', ...path].join('-'));
    expect(readdirSync(FOLDER).sort()).toEqual(['pinnacle', ...names].map((name) => `${name}.1`).sort());
  });

  it('names what help names', () => {
    const text = readFileSync(join(FOLDER, 'pinnacle-order-place.1'), 'utf8').replaceAll('\\-', '-');
    for (const part of [
      '--quantity SHARES',
      'BUY | SELL',
      'default MARKET',
      'pinnacle order place --user trader_001',
    ])
      expect(text).toContain(part);
  });

  it.runIf(isHere('groff'))('are formatted without a warning, and print every character of a text', () => {
    const pages = readdirSync(FOLDER).map((name) => join(FOLDER, name));
    // A list of columns without spaces is longer than a line.
    const { stderr, status } = spawnSync('groff', ['-k', '-man', '-Tutf8', '-ww', '-Wbreak', ...pages], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const shown = execFileSync(
      'groff',
      ['-k', '-man', '-Tascii', '-P-c', join(FOLDER, 'pinnacle-schedule-print.1')],
      {
        encoding: 'utf8',
      },
    );
    expect(shown).toContain('pinnacle schedule print crontab --json job,from,command');
  });
});
