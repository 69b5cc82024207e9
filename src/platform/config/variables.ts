import { closestMatch } from '../../util/text.ts';
import { SETTINGS } from './settings.ts';

/** What each variable does that is no setting. */
export const OTHER_VARIABLES: Readonly<Record<string, string>> = {
  PINNACLE_CONFIG: 'the configuration file, as --config',
  PINNACLE_PROFILE: 'the profile of the configuration, as --profile',
  PINNACLE_KEYRING: 'the key ring itself, if neither keyring.file nor keyring.command is set',
  PINNACLE_FORCE_TTY: '1: format stdout as for a terminal',
  PINNACLE_PAGER: 'the pager for what is longer than the screen, as words; empty or cat: none',
  PAGER: 'the same, if PINNACLE_PAGER is not set (default less, if it is there)',
  LESS: 'what less is told (default FRX: quit if it fits, keep colours, leave the text on the screen)',
  NO_COLOR: 'any value: no colour',
  FORCE_COLOR: 'colour also without a terminal; 0: no colour',
  CLICOLOR: '0: no colour; CLICOLOR_FORCE=1 is FORCE_COLOR=1',
  TERM: 'dumb: neither colour nor pager',
  LANG: 'with LC_ALL and LC_CTYPE before it: without UTF-8 a terminal gets ASCII',
  CI: 'any value but 0 or false: never prompt',
  XDG_CONFIG_HOME: 'the folder of your own configuration (default ~/.config)',
  XDG_DATA_HOME: 'the folder of the embedded database (default ~/.local/share)',
  XDG_CACHE_HOME: 'the folder of templates of the embedded database and of compiled code (default ~/.cache)',
};

const PREFIX = 'PINNACLE_';

/**
 * Of an environment, the variables with our prefix that nothing reads, each with the one that it almost is, as a sentence. What is
 * like none may be another program's.
 */
export function mistypedVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set([
    ...Object.values(SETTINGS).flatMap((setting) => setting.env),
    ...Object.keys(OTHER_VARIABLES),
  ]);
  const ours = [...known].filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.has(name))
    .flatMap((name) => {
      const meant = closestMatch(name.slice(PREFIX.length), ours);
      return meant === undefined ? [] : [`Nothing reads ${name}; did you mean ${PREFIX}${meant}?`];
    });
}
