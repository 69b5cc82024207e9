import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerAnswer } from '../../../domain/broker.ts';
import {
  INVALID_API_KEY,
  type Meaning,
  meaningOf,
  orderIdIn,
} from '../../../domain/brokers/angelone-answer.ts';
import type { LimitedMethod } from '../../../domain/rate-limits.ts';
import { Failure } from '../../../util/failure.ts';
import { escapeControls, truncate } from '../../../util/text.ts';
import { asEvidence, redactor } from '../../secrets/redact.ts';
import { type Endpoint, type Exchange, exchange } from './http.ts';

/** The login of a trader. Both throw the failure of logging in. */
export interface AngelOneSession {
  /** The token of now, after logging in if there is none. */
  token: () => Promise<string>;
  /** Another one, after the broker refused this one. */
  renew: () => Promise<string>;
}

/** What the adapter is given. */
export interface AngelOneDependencies extends Endpoint {
  apiKey: string;
  session: AngelOneSession;
  /** Waits until the method may be called; right before each call goes out. */
  limit: (method: LimitedMethod) => Promise<void>;
  now: () => Date;
  /** Other secrets that no answer may show. */
  secrets?: () => Iterable<string>;
  /** The first pause before a read is repeated, milliseconds; the next one is twice as long. */
  pauseMs?: number;
}

interface Call {
  method: LimitedMethod;
  path: string;
  body?: object;
  /** After this it must not go out any more. */
  until?: number;
}

const READS = 3;
/** How long after its slot a change may go out. */
const SLOT_MS = 150;
/** A change that goes out later than this after it was written down might have been given up by a sync meanwhile. */
const LATEST_MS = 30_000;
const PAUSE_MS = 1_000;
const MAX_TEXT = 300;

/** The two ways to call the broker: reads, which may be repeated, and changes, which never are. */
export function brokerCalls(dependencies: AngelOneDependencies) {
  const tokens = new Set<string>();
  const redact = (text: string) =>
    redactor([dependencies.apiKey, ...tokens, ...(dependencies.secrets?.() ?? [])])(text);
  const say = (text: string) => truncate(escapeControls(redact(text)), MAX_TEXT);

  /** When the slot was taken that the next change may use; undefined if there is none. */
  let slotAt: number | undefined;

  async function ready(): Promise<void> {
    await dependencies.session.token();
    await dependencies.limit('order');
    slotAt = dependencies.now().getTime();
  }

  async function waitForTurn(method: LimitedMethod): Promise<void> {
    const isReady =
      method === 'order' && slotAt !== undefined && dependencies.now().getTime() - slotAt <= SLOT_MS;
    if (method === 'order') slotAt = undefined;
    if (!isReady) await dependencies.limit(method);
  }

  async function send(call: Call, token: string): Promise<Exchange> {
    tokens.add(token);
    await waitForTurn(call.method);
    if (call.until !== undefined && dependencies.now().getTime() > call.until)
      return { kind: 'unsent', reason: 'logging in and waiting for a turn took too long' };
    return exchange(dependencies, { ...call, apiKey: dependencies.apiKey, token });
  }

  /** The meaning of an answer, once more with another token if the broker wants one. */
  async function ask(call: Call): Promise<Meaning> {
    const meaning = await once(call, await dependencies.session.token());
    return meaning.kind === 'session' ? once(call, await dependencies.session.renew()) : meaning;
  }

  async function once(call: Call, token: string): Promise<Meaning> {
    const answer = await send(call, token);
    dependencies.signal.throwIfAborted();
    return answer.kind === 'answered'
      ? meaningOf(answer.status, answer.body)
      : { kind: 'unclear', text: answer.reason };
  }

  /** The data of a read. Throws BROKER_UNREACHABLE, BROKER_SESSION and BROKER_REFUSED. */
  async function read(method: LimitedMethod, path: string): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      const meaning = await ask({ method, path });
      if (meaning.kind === 'done') return meaning.data;
      if (meaning.kind !== 'again' || attempt === READS) throw failureOf(meaning, say);
      await sleep((dependencies.pauseMs ?? PAUSE_MS) * 2 ** (attempt - 1), undefined, dependencies);
    }
  }

  /** What became of a change. It is sent a second time only after the broker refused the token of the first time. */
  async function change(path: string, body: object): Promise<BrokerAnswer> {
    const call = { method: 'order', path, body, until: dependencies.now().getTime() + LATEST_MS } as const;
    const first = await attempt(call, dependencies.session.token);
    if (first.outcome !== 'session') return first;
    const second = await attempt(call, dependencies.session.renew);
    return second.outcome === 'session' ? { ...second, outcome: 'unsent' } : second;
  }

  async function attempt(call: Call, login: () => Promise<string>): Promise<Attempt> {
    const got = await sendAfter(call, login);
    if (got.kind !== 'answered') {
      const outcome = got.kind === 'unsent' ? 'unsent' : 'unknown';
      return { outcome, reason: got.reason, http_status: null, answer: '' };
    }
    const evidence = { http_status: got.status, answer: asEvidence(redact, got.body) };
    return { ...evidence, ...outcomeOf(meaningOf(got.status, got.body), say) };
  }

  async function sendAfter(call: Call, login: () => Promise<string>): Promise<Exchange> {
    try {
      return await send(call, await login());
    } catch (error) {
      // Neither logging in nor waiting for a limit sends an order.
      if (error instanceof Failure) return { kind: 'unsent', reason: error.message };
      if (dependencies.signal.aborted) return { kind: 'unsent', reason: 'interrupted' };
      throw error;
    }
  }

  return { read, change, ready };
}

/** What became of one try of a change; `session` if the broker refused the token. */
type Attempt = BrokerAnswer | (Omit<Unsent, 'outcome'> & { outcome: 'session' });
type Unsent = Extract<BrokerAnswer, { outcome: 'unsent' }>;

function outcomeOf(meaning: Meaning, say: (text: string) => string) {
  if (meaning.kind === 'done') {
    const id = orderIdIn(meaning.data);
    if (id !== '') return { outcome: 'accepted', broker_order_id: id } as const;
    return { outcome: 'unknown', reason: 'the answer names no order id' } as const;
  }
  const reason = say(meaning.text);
  if (meaning.kind === 'session') return { outcome: 'session', reason } as const;
  if (meaning.kind !== 'refused') return { outcome: 'unknown', reason } as const;
  // The order is not at fault: it may be sent once the key is the right one.
  const outcome = meaning.code === INVALID_API_KEY ? 'unsent' : 'refused';
  return { outcome, reason: `${reason} (${meaning.code})` } as const;
}

/** The failure of a read. */
function failureOf(meaning: Exclude<Meaning, { kind: 'done' }>, say: (text: string) => string): Failure {
  const text = say(meaning.text);
  if (meaning.kind === 'session' || ('code' in meaning && meaning.code === INVALID_API_KEY))
    return new Failure(
      'refused',
      'BROKER_SESSION',
      `The broker refuses the session: ${text} (${meaning.code}).`,
      {
        hint: 'See: pinnacle broker status',
      },
    );
  if (meaning.kind === 'refused')
    return new Failure('refused', 'BROKER_REFUSED', `The broker refuses: ${text} (${meaning.code}).`);
  return new Failure('unreachable', 'BROKER_UNREACHABLE', `The broker does not answer: ${text}.`, {
    retryable: true,
  });
}
