import { Refusal, type Request } from './requests.ts';
import { newToken, passwordAt } from './tokens.ts';
import type { Control, StandInClient } from './types.ts';

/** Who may call the stand-in, and with which tokens. */
export function openSessions(control: Control, now: () => Date) {
  const clients = new Map<string, StandInClient>();
  const tokens = new Map<string, { client: string; endsAt: number }>();
  const passwords = new Map<string, string[]>();

  function issue(client: string) {
    const jwtToken = newToken(client, now());
    tokens.set(jwtToken, { client, endsAt: Number.POSITIVE_INFINITY });
    return { jwtToken, refreshToken: newToken(client, now()), feedToken: newToken(client, now()) };
  }

  /** Throws AB1000, AG8004 and AB1050: each one-time password is taken once. */
  function login({ body, headers }: Request) {
    const client = clients.get(body['clientcode'] ?? '');
    if (!client || client.pin !== body['password']) throw new Refusal('AB1000', 'Invalid email or password');
    if (headers['x-privatekey'] !== client.apiKey) throw new Refusal('AG8004', 'Invalid API Key');
    const step = Math.floor(now().getTime() / 30_000);
    const near = Array.from({ length: control.totpWindow * 2 + 1 }, (_, i) => step - control.totpWindow + i);
    const used = passwords.get(client.clientCode) ?? [];
    const match = near.find((each) => passwordAt(client.totpSecret, each) === body['totp']);
    if (match === undefined || used.includes(`${match}`)) throw new Refusal('AB1050', 'Invalid totp');
    passwords.set(client.clientCode, [...used, `${match}`]);
    return issue(client.clientCode);
  }

  const tokenIn = ({ headers }: Pick<Request, 'headers'>) =>
    /^Bearer (.+)$/.exec(String(headers.authorization ?? ''))?.[1] ?? '';

  /** The client whose token this is. Throws AG8001 to AG8004. */
  function clientOf(request: Request): string {
    const token = tokenIn(request);
    if (!token) throw new Refusal('AG8003', 'Missing token');
    const known = tokens.get(token);
    if (!known) throw new Refusal('AG8001', 'Invalid Token');
    if (known.endsAt <= now().getTime()) throw new Refusal('AG8002', 'Token Expired');
    if (request.headers['x-privatekey'] !== clients.get(known.client)?.apiKey)
      throw new Refusal('AG8004', 'Invalid API Key');
    return known.client;
  }

  return {
    clients,
    passwords,
    issue,
    login,
    clientOf,
    /** Who calls, as far as can be seen. */
    callerOf: (request: Request) => request.body['clientcode'] ?? tokens.get(tokenIn(request))?.client ?? '',
    logOut: (client: string) => {
      for (const [token, known] of tokens) if (known.client === client) tokens.delete(token);
    },
    expireAll: () => {
      for (const known of tokens.values()) known.endsAt = 0;
    },
  };
}
