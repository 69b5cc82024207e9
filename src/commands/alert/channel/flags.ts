import { identifier, optional, text, toggle } from '../../../cli/flags.ts';

/** The channel that a verb is about. */
export const channelArgument = identifier('CHANNEL', 'the channel');

/** Where the secret of a channel comes from. */
export const secretFlags = {
  secretStdin: toggle('read its secret from stdin'),
  fromFile: optional(text('FILE', 'read its secret from a file that only you can read', 4_096)),
  plainHttp: toggle('allow a URL without TLS that is not of this machine'),
};
