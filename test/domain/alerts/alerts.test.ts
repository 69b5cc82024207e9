import { describe, expect, it } from 'vitest';
import { urlProblem } from '../../../src/domain/alerts/channel.ts';
import { composeMessage, textOf } from '../../../src/domain/alerts/message.ts';
import { outcomeOfStatus, retryAfterMs } from '../../../src/domain/alerts/outcome.ts';
import {
  planMessages,
  type RouteHistory,
  type RouteTerms,
  type WaitingItem,
} from '../../../src/domain/alerts/plan-messages.ts';
import { quietUntil } from '../../../src/domain/alerts/quiet-hours.ts';
import { nextStep } from '../../../src/domain/alerts/retry.ts';
import { takes } from '../../../src/domain/alerts/route.ts';
import type { UserId } from '../../../src/domain/id.ts';
import { type Instant, parseInstant } from '../../../src/domain/instant.ts';

const ZONE = 'Asia/Kolkata';
/** An instant by the clocks of India, of 30 January 2026 where no day is named. */
const at = (text: string): Instant =>
  parseInstant(text.length > 8 ? text : `2026-01-30 ${text}`, new Date(0), ZONE);
const asha = 'asha' as UserId;
const ravi = 'ravi' as UserId;

describe('a route takes', () => {
  const notice = { user_id: asha, notification_type: 'ORDER_REJECTED', alert_level: 'ERROR' } as const;
  it.each([
    ['everything of its level', { user_id: null, min_level: 'ERROR', types: [] }, true],
    ['what is above it', { user_id: null, min_level: 'INFO', types: [] }, true],
    ['nothing below it', { user_id: null, min_level: 'CRITICAL', types: [] }, false],
    ['its types', { user_id: null, min_level: 'INFO', types: ['ORDER_FILLED', 'ORDER_REJECTED'] }, true],
    ['no other types', { user_id: null, min_level: 'INFO', types: ['ORDER_FILLED'] }, false],
    ['its user', { user_id: asha, min_level: 'INFO', types: [] }, true],
    ['no other user', { user_id: ravi, min_level: 'INFO', types: [] }, false],
  ] as const)('%s', (_what, route, taken) => {
    expect(takes(route, notice)).toBe(taken);
  });

  it('what is of nobody only where it takes that of everybody', () => {
    const system = { ...notice, user_id: null };
    expect(takes({ user_id: asha, min_level: 'INFO', types: [] }, system)).toBe(false);
    expect(takes({ user_id: null, min_level: 'INFO', types: [] }, system)).toBe(true);
  });

  it.each([
    ['of every other channel, whatever its types', { channel: 'pager', types: ['RISK_ALERT'] }, true],
    ['but not of the channel itself', { channel: 'desk', types: [] }, false],
    ['nor one of a user', { channel: 'pager', types: [], user_id: asha }, false],
    [
      'nor one of a higher level than its failure has',
      { channel: 'pager', types: [], min_level: 'CRITICAL' },
      false,
    ],
  ] as const)('what tells of a channel: a route %s', (_what, route, taken) => {
    const told = {
      user_id: null,
      notification_type: 'SERVICE_RESTORED',
      alert_level: 'INFO',
      about: { alert_channel: 'desk', level: 'ERROR' },
    } as const;
    expect(takes({ user_id: null, min_level: 'ERROR', ...route }, told)).toBe(taken);
  });
});

describe('quiet hours', () => {
  it.each([
    ['22:00-08:00', '21:59:59', undefined],
    ['22:00-08:00', '22:00:00', '2026-01-31 08:00:00'],
    ['22:00-08:00', '2026-01-31 00:00:00', '2026-01-31 08:00:00'],
    ['22:00-08:00', '07:59:59', '2026-01-30 08:00:00'],
    ['22:00-08:00', '08:00:00', undefined],
    ['12:30-13:30', '12:29:59', undefined],
    ['12:30-13:30', '12:30:00', '2026-01-30 13:30:00'],
    ['12:30-13:30', '13:30:00', undefined],
    [null, '03:00:00', undefined],
  ])('%s at %s end %s', (quiet, now, until) => {
    expect(quietUntil(quiet, at(now), ZONE)).toBe(until && at(until));
  });
});

const ROUTE: RouteTerms = { quiet: null, group_wait: 30, repeat_after: 3_600, hourly_limit: 20 };
const NONE = { sent: 0, open: 0, trying: false };
const FRESH: RouteHistory = { critical: NONE, others: NONE };
const item = (id: string, routed_at: Instant, more: Partial<WaitingItem> = {}): WaitingItem => ({
  notification_id: id,
  notification_type: 'ORDER_REJECTED',
  critical: false,
  routed_at,
  ...more,
});
const plan = (
  items: readonly WaitingItem[],
  now: string,
  { route = {}, history = {} }: { route?: Partial<RouteTerms>; history?: Partial<RouteHistory> } = {},
) =>
  planMessages({ ...ROUTE, ...route }, items, { ...FRESH, ...history }, at(now), ZONE).map(
    ({ group_key, critical, ids, last }) =>
      `${critical ? '!' : ''}${group_key} ${ids.join()}${last ? ' last' : ''}`,
  );

describe('messages', () => {
  it('of a type wait for each other, and go together with the first that waited long enough', () => {
    const items = [
      item('a', at('10:00:00')),
      item('b', at('10:00:29')),
      item('c', at('10:00:10'), { notification_type: 'RISK_ALERT' }),
    ];
    expect(plan(items, '10:00:29')).toEqual([]);
    expect(plan(items, '10:00:30')).toEqual(['ORDER_REJECTED a,b']);
    expect(plan(items, '10:00:40')).toEqual(['ORDER_REJECTED a,b', 'RISK_ALERT c']);
  });

  it('of 30 rejects are one', () => {
    const items = Array.from({ length: 30 }, (_, i) => item(`r${i}`, at('10:00:00')));
    expect(plan(items, '10:01:00')).toHaveLength(1);
  });

  it('of CRITICAL wait for nothing, and are apart from others', () => {
    const items = [item('a', at('10:00:00')), item('b', at('10:00:00'), { critical: true })];
    const route = { quiet: '09:00-11:00' };
    expect(plan(items, '10:00:00', { route })).toEqual(['!ORDER_REJECTED b']);
  });

  it('of quiet hours come as one digest at their end', () => {
    const items = [
      item('before', at('21:59:45')),
      item('night', at('2026-01-31 03:00:00'), { notification_type: 'RISK_ALERT' }),
      item('after', at('2026-01-31 08:00:00')),
    ];
    const route = { quiet: '22:00-08:00' };
    expect(plan(items, '22:00:00', { route })).toEqual([]);
    expect(plan(items, '2026-01-31 07:59:59', { route })).toEqual([]);
    expect(plan(items, '2026-01-31 08:00:00', { route })).toEqual(['digest before,night']);
    expect(plan(items, '2026-01-31 08:00:30', { route })).toEqual([
      'digest before,night',
      'ORDER_REJECTED after',
    ]);
  });

  const types = ['A', 'B', 'C', 'D'];
  const four = types.map((type) => item(type.toLowerCase(), at('10:00:00'), { notification_type: type }));
  it.each([
    [20, 0, 0, ['A a', 'B b', 'C c', 'D d']],
    [4, 0, 0, ['A a', 'B b', 'C c', 'D d last']],
    [20, 15, 2, ['A a', 'B b', 'digest c,d last']],
    [20, 19, 0, ['digest a,b,c,d last']],
    [20, 12, 8, []],
    [20, 25, 0, []],
  ])('with a limit of %i an hour, %i sent and %i open, are %j', (hourly_limit, sent, open, expected) => {
    const history = { others: { sent, open, trying: false } };
    expect(plan(four, '10:01:00', { route: { hourly_limit }, history })).toEqual(expected);
    // CRITICAL is counted apart.
    const critical = four.map((each) => ({ ...each, critical: true }));
    expect(plan(critical, '10:01:00', { route: { hourly_limit: 4 }, history })).toHaveLength(4);
  });

  it('wait a quarter of an hour for one that is tried again', () => {
    const history = { others: { sent: 0, open: 1, trying: true } };
    const items = [item('a', at('10:00:00')), item('b', at('10:14:00'), { notification_type: 'RISK_ALERT' })];
    expect(plan(items, '10:14:59', { history })).toEqual([]);
    expect(plan(items, '10:15:00', { history })).toEqual(['ORDER_REJECTED a', 'RISK_ALERT b']);
  });

  it('tell the same text once, and how many more there are', () => {
    const notices = Array.from({ length: 53 }, (_, i) => ({
      notification_id: `n${i}`,
      user_id: asha,
      notification_type: 'ORDER_REJECTED' as const,
      alert_level: i === 52 ? ('ERROR' as const) : ('WARNING' as const),
      title: `Order ${i % 51} rejected`,
      message: 'margin\nand more',
      created_at: at('10:00:00'),
      repeat_key: String(i % 51),
    }));
    const message = composeMessage(notices, { group_key: 'ORDER_REJECTED', note: '' });
    expect(message).toMatchObject({ title: '53 notifications: ORDER_REJECTED', count: 53, more: 31 });
    expect(message.notices).toHaveLength(20);
    expect(message.notices.slice(0, 3).map(({ times }) => times)).toEqual([2, 2, 1]);
    expect(message.notices.reduce((sum, { times }) => sum + times, message.more)).toBe(53);
    expect(textOf(message, 'dlv_1', ZONE).split('\n').slice(0, 4)).toEqual([
      '2026-01-30 10:00:00  WARNING  asha  Order 0 rejected  (2 times)',
      '    margin',
      '    and more',
      '2026-01-30 10:00:00  WARNING  asha  Order 1 rejected  (2 times)',
    ]);
  });
});

describe('an attempt that failed', () => {
  const busy = { outcome: 'failed', fault: 'channel', afterMs: 0 } as const;
  const broken = { outcome: 'failed', fault: 'either', afterMs: 0 } as const;
  const unread = { outcome: 'refused', fault: 'either', afterMs: 0 } as const;
  const sending = { attempts: 1, failures: 1, tookAnother: false, critical: false, leftMs: 1, random: 0.5 };

  it.each([
    [1, false, 5_000, 5_000],
    [2, false, 30_000, 30_000],
    [3, false, 300_000, 300_000],
    [4, false, 300_000, 1_800_000],
    [40, false, 300_000, 1_800_000],
    [40, true, 300_000, 300_000],
  ])(
    'number %i, CRITICAL %s, is made again after %i ms by its channel, or %i ms by itself, give or take a fifth',
    (n, critical, ms, ownMs) => {
      for (const [random, share] of [
        [0.5, 1],
        [0, 0.8],
        [1, 1.2],
      ] as const) {
        const of = { ...sending, critical, random };
        expect(nextStep(busy, { ...of, failures: n }).delayMs).toBe(ms * share);
        expect(nextStep(broken, { ...of, attempts: n, tookAnother: true }).delayMs).toBe(ownMs * share);
      }
    },
  );

  it('is not made again before the receiver wants it, nor once no time is left', () => {
    expect(nextStep({ ...busy, afterMs: 90_000 }, sending).delayMs).toBe(90_000);
    expect(nextStep(busy, { ...sending, leftMs: 0 }).delayMs).toBeUndefined();
  });

  it.each([
    ['of the channel waits', busy, {}, 'WAITING', true],
    ['of the channel for the fourth time needs somebody', busy, { failures: 4 }, 'FAILING', true],
    ['that the channel refuses needs somebody at once', { ...busy, outcome: 'refused' }, {}, 'FAILING', true],
    ['of either is the channel’s where it took nothing else', unread, {}, 'WAITING', true],
    ['of either is the message’s where it did', unread, { tookAnother: true }, null, false],
    ['of either that may pass is tried again', broken, { tookAnother: true }, null, true],
    ['of the message is given up', { ...unread, fault: 'message' }, {}, null, false],
  ] as const)('%s', (_what, outcome, more, channel_state, again) => {
    const next = nextStep(outcome, { ...sending, ...more });
    expect([next.channel_state, next.delayMs !== undefined]).toEqual([channel_state, again]);
  });

  it.each([
    [200, 'sent'],
    [204, 'sent'],
    [301, 'refused for the channel'],
    [400, 'refused for either'],
    [401, 'refused for the channel'],
    [403, 'refused for the channel'],
    [404, 'refused for the channel'],
    [408, 'failed for either'],
    [410, 'refused for the channel'],
    [413, 'refused for the message'],
    [422, 'refused for either'],
    [425, 'failed for either'],
    [429, 'failed for the channel'],
    [500, 'failed for either'],
    [503, 'failed for the channel'],
  ])('with an answer of %i is %s', (status, expected) => {
    const answered = outcomeOfStatus(status, { reason: '', afterMs: 0, provider_id: '' });
    const fault = answered.outcome === 'sent' ? undefined : answered.fault;
    const whose = fault === undefined ? '' : ` for ${fault === 'either' ? fault : `the ${fault}`}`;
    expect(answered.outcome + whose).toBe(expected);
  });

  it.each([
    [null, 0],
    ['120', 120_000],
    ['Fri, 30 Jan 2026 05:00:00 GMT', 1_800_000],
    ['Fri, 30 Jan 2026 01:00:00 GMT', 0],
    ['soon', 0],
    ['999999999', 6 * 3_600_000],
  ])('with Retry-After %s waits %i ms', (header, ms) => {
    expect(retryAfterMs(header, new Date('2026-01-30T04:30:00Z'))).toBe(ms);
  });
});

it.each([
  ['https://hooks.example.com/a?b=c', false, true],
  ['http://hooks.example.com/', false, false],
  ['http://hooks.example.com/', true, true],
  ['http://127.0.0.1:8080/', false, true],
  ['http://[::1]:8080/', false, true],
  ['http://localhost.example.com/', false, false],
  ['https://user:pass@hooks.example.com/', false, false],
  ['ftp://hooks.example.com/', true, false],
  ['file:///etc/passwd', true, false],
  ['hooks.example.com', false, false],
])('a URL %s is taken, with --plain-http %s: %s', (url, plainHttp, taken) => {
  expect(urlProblem(url, plainHttp) === undefined).toBe(taken);
});
