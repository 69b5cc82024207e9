import type { Context } from '../../context.ts';
import {
  type ChannelKind,
  type ChannelTerms,
  isAddress,
  type MAIL_TLS,
  urlProblem,
} from '../../domain/alerts/channel.ts';
import { usage } from '../../util/failure.ts';
import { isLoopback } from '../../util/loopback.ts';
import { addChannel } from './add-channel.ts';
import { readChannelSecret } from './read-secret.ts';

/** What a command line says of a channel. */
interface Words {
  kind: ChannelKind;
  host: string | undefined;
  port: number | undefined;
  tls: (typeof MAIL_TLS)[number] | undefined;
  login: string | undefined;
  from: string | undefined;
  to: string | undefined;
  url: string | undefined;
  chat: string | undefined;
  secretStdin: boolean;
  fromFile: string | undefined;
  plainHttp: boolean;
}

const TELEGRAM = 'https://api.telegram.org';

/** The flags of each kind, needed ones first. */
const FLAGS = {
  email: { needed: ['host', 'from', 'to'], allowed: ['port', 'tls', 'login'] },
  webhook: { needed: ['url'], allowed: [] },
  telegram: { needed: ['chat'], allowed: ['url'] },
  slack: { needed: [], allowed: [] },
} as const satisfies Record<
  ChannelKind,
  { needed: readonly (keyof Words)[]; allowed: readonly (keyof Words)[] }
>;

const OF_KIND = ['host', 'port', 'tls', 'login', 'from', 'to', 'url', 'chat'] as const;

/** Adds a channel as a command line describes it, with its secret; a usage error says what does not fit its kind. */
export async function addNamedChannel(ctx: Context, channel: string, words: Words) {
  const { kind, secretStdin: stdin, fromFile: file, plainHttp, login } = words;
  refuseFlags(words);
  const needsSecret = kind !== 'email' || login !== undefined;
  if (!needsSecret && (stdin || file !== undefined))
    throw usage('A mail account without --login has no password.');
  // The URL of slack is the secret, and of its host alone the settings tell.
  const terms = kind === 'slack' ? undefined : termsOf(words);
  const secret = needsSecret ? await readChannelSecret(ctx, kind, { stdin, file, plainHttp }) : '';
  return addChannel(
    ctx,
    channel,
    terms ?? { kind: 'slack', settings: { host: new URL(secret).host } },
    secret,
  );
}

function refuseFlags(words: Words): void {
  const { needed, allowed } = FLAGS[words.kind];
  const missing = needed.filter((name) => words[name] === undefined);
  if (missing.length > 0)
    throw usage(`A channel of ${words.kind} needs ${missing.map((name) => `--${name}`).join(', ')}.`);
  const fitting: readonly string[] = [...needed, ...allowed];
  const strange = OF_KIND.filter((name) => words[name] !== undefined && !fitting.includes(name));
  if (strange.length > 0)
    throw usage(`A channel of ${words.kind} takes no ${strange.map((name) => `--${name}`).join(', ')}.`);
}

function termsOf(words: Words): ChannelTerms {
  const { kind, url = TELEGRAM, chat = '', plainHttp } = words;
  if (kind === 'email') return { kind, settings: mailOf(words) };
  const problem = urlProblem(url, plainHttp);
  if (problem !== undefined) throw usage(`--url ${problem}.`);
  return kind === 'telegram' ? { kind, settings: { url, chat } } : { kind: 'webhook', settings: { url } };
}

function mailOf({ host = '', port, tls, login, from = '', to = '' }: Words) {
  const strange = [from, to].find((address) => !isAddress(address));
  if (strange !== undefined)
    throw usage(`${JSON.stringify(strange)} is not a mail address such as desk@example.com.`);
  const chosen = tls ?? (isLoopback(host) ? 'none' : 'starttls');
  if (chosen === 'none' && login !== undefined && !isLoopback(host))
    throw usage(`--login would be sent to ${host} without TLS.`, 'Use --tls starttls or implicit.');
  const usual = chosen === 'implicit' ? 465 : 587;
  return { host, port: port ?? usual, tls: chosen, login: login ?? null, from, to };
}
