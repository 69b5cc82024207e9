import * as z from 'zod/mini';
import { isLoopback } from '../../util/loopback.ts';

/** How alerts are sent. */
export const CHANNEL_KINDS = ['email', 'webhook', 'telegram', 'slack'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** How a connection to a mail server is encrypted. */
export const MAIL_TLS = ['starttls', 'implicit', 'none'] as const;

const address = z.string().check(z.regex(/^[^\s@<>,;:"()]+@[^\s@<>,;:"()]+$/), z.maxLength(254));

/** Where and how a channel sends, by its kind; what is secret is no part of it. */
const SETTINGS_OF = {
  email: z.strictObject({
    host: z.string(),
    port: z.number(),
    tls: z.enum(MAIL_TLS),
    login: z.nullable(z.string()),
    from: address,
    to: address,
  }),
  webhook: z.strictObject({ url: z.string() }),
  telegram: z.strictObject({ url: z.string(), chat: z.string() }),
  // The URL is the secret.
  slack: z.strictObject({ host: z.string() }),
} as const;
export type ChannelSettings = { [K in ChannelKind]: z.infer<(typeof SETTINGS_OF)[K]> };

/** A channel that can be opened: its kind with the settings of that kind. */
export type ChannelTerms = { [K in ChannelKind]: { kind: K; settings: ChannelSettings[K] } }[ChannelKind];

/** Parses stored settings; throws where they are not those of the kind. */
export function channelTerms(kind: ChannelKind, settings: unknown): ChannelTerms {
  return { kind, settings: SETTINGS_OF[kind].parse(settings) } as ChannelTerms;
}

/** Whether a mail address is one that a channel takes. */
export const isAddress = (text: string): boolean => address.safeParse(text).success;

/** Why alerts are not sent to a URL: undefined where they may be. Others than this machine are reached by https, unless it is said. */
export function urlProblem(text: string, plainHttp: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return 'must be a URL that begins with https://';
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return 'must have no user, password or #';
  if (url.protocol === 'http:' && !plainHttp && !isLoopback(url.hostname))
    return 'must begin with https://; --plain-http allows http://';
  return undefined;
}

const SIGNING = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** The key of the signing secret of a webhook, `whsec_` and base64 of 24 to 64 bytes; undefined for any other text. */
export function signingKey(secret: string): Buffer | undefined {
  const [, text = ''] = SIGNING.exec(secret) ?? [];
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}
