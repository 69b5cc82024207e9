import { describe, expect, it } from 'vitest';
import { mintId } from '../../src/domain/id.ts';
import { formatDuration, parseDuration } from '../../src/util/duration.ts';
import { parseJson } from '../../src/util/json.ts';
import { isLoopback } from '../../src/util/loopback.ts';
import { readBounded } from '../../src/util/read-bounded.ts';
import { closestMatch, escapeControls, pluralize, safeJson, truncate } from '../../src/util/text.ts';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['26h', 93_600_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
  ])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '5', 's', '-5s', '1.5s', '5 s', '5S', '1h30m', '5mo', '1234567890s'])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(RangeError);
  });

  it.each([
    [420, '420 ms'],
    [3_200, '3.2 s'],
    [120_000, '2 min'],
    [18_000_000, '5 h'],
    [259_200_000, '3 d'],
  ])('shows %i ms as %s', (ms, shown) => expect(formatDuration(ms)).toBe(shown));
});

describe('minted ids', () => {
  it('ascend in the order they were minted within one millisecond', () => {
    const at = new Date('2026-01-31T00:00:00Z');
    const ids = Array.from({ length: 2_000 }, () => mintId('ord', at));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => /^ord_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
  });

  it('sort by their instant, whatever order they were minted in', () => {
    const later = mintId('fil', new Date('2026-01-31T00:00:00.001Z'));
    expect(mintId('fil', new Date('2026-01-31T00:00:00.000Z')) < later).toBe(true);
  });
});

describe('hostile text', () => {
  const hostile = 'a\u001b[31m\u0007\u009b\u007f\u202e\u200b\u2066\ufeff\u{e0041}\nb';

  it('is made visible', () => {
    expect(escapeControls(hostile)).toBe(
      'a\\u{1b}[31m\\u{7}\\u{9b}\\u{7f}\\u{202e}\\u{200b}\\u{2066}\\u{feff}\\u{e0041}\\u{a}b',
    );
    expect(escapeControls('₹ नमस्ते é 🙂')).toBe('₹ नमस्ते é 🙂');
  });

  it('is escaped in JSON and parses to the same', () => {
    const json = safeJson({ hostile });
    expect(json).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(json)).toEqual({ hostile });
  });
});

describe('words', () => {
  it('suggests what is near, and nothing else', () => {
    expect(closestMatch('staus', ['status', 'side'])).toBe('status');
    expect(closestMatch('ordr', ['order', 'user'])).toBe('order');
    expect(closestMatch('xyz', ['order', 'user'])).toBeUndefined();
    expect(closestMatch('a', [])).toBeUndefined();
  });

  it('counts and cuts', () => {
    expect([
      pluralize(0, 'order'),
      pluralize(1, 'order'),
      pluralize(123_456, 'order'),
      pluralize(2, 'entry', 'entries'),
    ]).toEqual(['0 orders', '1 order', '1,23,456 orders', '2 entries']);
    expect(truncate('x'.repeat(100))).toHaveLength(60);
    expect(truncate('short')).toBe('short');
  });
});

describe('JSON from outside', () => {
  it.each(['{"a":1}', '\ufeff{"a":"[[["}', '[1,"\\"["]'])('reads %j', (text) => {
    expect(() => parseJson(text)).not.toThrow();
  });

  it.each([
    ['{"__proto__":{"x":1}}', 'must not have a key __proto__'],
    ['{"a":{"constructor":1}}', 'must not have a key constructor'],
    ['['.repeat(33) + ']'.repeat(33), 'must not be nested deeper than 32 levels'],
    [`"${'x'.repeat(65_536)}"`, 'must have at most 64 KiB'],
    ['{"secret": hunter2}', 'must be valid JSON'],
  ])('refuses %.40s', (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });
});

describe('a host', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    '127.0.0.1',
    '127.255.0.9',
    '::1',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
  ])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true));
  it.each([
    '',
    '10.0.0.1',
    '127.0.0.1.example.com',
    '127.999.0.1',
    '::2',
    '[::ffff:10.0.0.1]',
    'localhost.example.com',
  ])('%j is another one', (host) => expect(isLoopback(host)).toBe(false));
});

describe('a bounded stream', () => {
  async function* stream(given: { read: number }) {
    for (;;) {
      given.read += 1;
      yield Buffer.from('four');
    }
  }
  it('is read no further than its bound, and says so', async () => {
    const given = { read: 0 };
    expect(await readBounded(stream(given), 10)).toEqual({ bytes: Buffer.from('fourfourfo'), cut: true });
    expect(given.read).toBe(3);
  });
  it('that ends before is whole', async () => {
    expect(await readBounded(null, 10)).toEqual({ bytes: Buffer.alloc(0), cut: false });
    const exact = (async function* () {
      yield Buffer.from('0123456789');
    })();
    expect((await readBounded(exact, 10)).cut).toBe(false);
  });
});
