/** One text per character from a code point to another, in the middle of a word. */
const between = (...ranges: [from: number, to: number][]) =>
  ranges.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i): [string, string] => [
      `U+${(from + i).toString(16).toUpperCase().padStart(4, '0')}`,
      `a${String.fromCodePoint(from + i)}b`,
    ]),
  );
/** One text per element, named by a kind and by itself. */
const each = (kind: string, texts: readonly string[]) =>
  texts.map((text): [string, string] => [
    `${kind} ${JSON.stringify(text.slice(0, 24))} ${text.length}`,
    text,
  ]);

/** What follows ESC [ and does something: moves, clears, asks, switches, prints, pastes. */
const CSI =
  `2J 3J H 6n 5n c >c =c ?1049h ?25l ?1000h ?2004h ?5h ?6h ?7l 200~ 201~ 21t 20t 14t 5i 4i !p 1;1r 0q 8m 5m 38;5;1m 999C
  999D 999A 999B 1000000b s u L M P @ X g ?1;9999S 9;1t $}`.split(/\s+/);
/** What follows ESC ] until BEL. */
const OSC =
  `0;t 2;t 4;1;? 7;file:/// 9;4;1;100 10;? 11;#fff 12;? 50;x 52;c;ZQ== 52;c;? 104 110 133;A 777;notify;t;b
  1337;File=x: 8;;http://x.example`.split(/\s+/);
/** What follows ESC alone, or until ESC backslash. */
const ESC = [
  'c',
  '7',
  '8',
  '=',
  '>',
  'D',
  'E',
  'M',
  'H',
  'N',
  'O',
  'Z',
  'n',
  'o',
  '|',
  '}',
  '~',
  '#8',
  '%G',
  '(0',
  ')0',
].concat([
  '*0',
  '+0',
  ' F',
  'P+q544e\u001b\\',
  'P$qm\u001b\\',
  '_Ga=T;x\u001b\\',
  '^x\u001b\\',
  'Xx\u001b\\',
  'P',
  '_',
]);

/** Text that tries to drive a terminal, a spreadsheet, a parser or a prototype, by what it is. */
export const CORPUS: Readonly<Record<string, string>> = {
  'ANSI colour': '\u001b[31mred\u001b[0m',
  'OSC title': '\u001b]0;owned\u0007',
  'OSC link': '\u001b]8;;http://x.example\u001b\\click\u001b]8;;\u001b\\',
  'clear screen': '\u001b[2J\u001b[H',
  C0: '\u0001\u0002\u0003\u0007\b\u000b\f\u000e\u001f',
  C1: '\u0080\u0085\u009b31m\u009d0;x\u009c',
  DEL: 'a\u007fb',
  NUL: 'a\u0000b',
  'line break': 'a\nerror: forged\r\nb',
  tab: 'a\tb',
  'bidi override': 'abc\u202egpj.exe\u202c',
  'bidi isolate': '\u2066a\u2067b\u2069',
  'zero width': 'ad\u200bm\u200din\u2060\ufeff',
  tags: '\u{e0041}\u{e007f}',
  separators: 'a\u2028b\u2029c',
  'lone high surrogate': 'a\ud800b',
  'lone low surrogate': '\udc00',
  'formula =': "=cmd|' /C calc'!A0",
  'formula +': '+1+cmd|x!A0',
  'formula -': '-2+3+cmd|x!A0',
  'formula @': '@SUM(1+1)*cmd|x!A0',
  'formula behind a tab': '\t=1+1',
  'formula behind a return': '\r=1+1',
  // Computed: written plainly, it would set the prototype of this very object.
  ['__proto__']: '__proto__',
  constructor: 'constructor',
  prototype: 'prototype',
  'prototype in JSON': '{"__proto__":{"polluted":1}}',
  'constructor in JSON': '{"a":{"constructor":{"prototype":{"polluted":1}}}}',
  'escaped prototype in JSON': '{"\\u005f_proto__":{"polluted":1}}',
  'a key twice in JSON': '{"a":1,"a":2}',
  'number too large in JSON': '{"a":1e400}',
  'lone surrogate in JSON': '{"a":"\\ud800"}',
  'NUL in JSON': '{"a":"\\u0000"}',
  'deep JSON': '[{"a":'.repeat(50_000),
  'deep JSON that ends': `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
  'JSON over 64 KiB': JSON.stringify({ a: 'x'.repeat(70_000) }),
  '1 MB': 'x'.repeat(1_000_000),
  '1 MB of escapes': '\u001b'.repeat(1_000_000),
  '1 MB of digits': '9'.repeat(1_000_000),
  'homoglyph letter': 'trаder_001',
  'dotless i': 'ınfy',
  'long s': 'ſell',
  'Kelvin sign': 'MAR\u212aET',
  'full-width digits': '１２３',
  'Devanagari digits': '१२३',
  'full-width letters': 'ＴＣＳ',
  NaN: 'NaN',
  Infinity: 'Infinity',
  '-Infinity': '-Infinity',
  exponent: '1e400',
  'small exponent': '1e-400',
  hexadecimal: '0x1F',
  octal: '0o17',
  'thousands separators': '1,00,000',
  'many digits': '123456789012345678901234567890.123456789',
  'minus zero': '-0',
  empty: '',
  blanks: '   ',
  quote: "'; DROP TABLE users; --",
  'a path': '../../../../etc/passwd',
  'a folder': '/',
  'shell words': '$(touch /tmp/owned)`id`',
  percent: '%n%s%00%0a',
  ...Object.fromEntries([
    ...between([0x00, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x61c, 0x61c], [0x180e, 0x180e], [0x200b, 0x200f]),
    ...between([0x2028, 0x202e], [0x2060, 0x206f], [0xfeff, 0xfeff], [0xfff9, 0xfffd], [0xe0001, 0xe0001]),
    ...each(
      'CSI',
      CSI.flatMap((text) => [`\u001b[${text}`, `\u009b${text}`]),
    ),
    ...each(
      'OSC',
      OSC.flatMap((text) => [`\u001b]${text}\u0007`, `\u009d${text}\u009c`]),
    ),
    ...each(
      'ESC',
      ESC.map((text) => `\u001b${text}`),
    ),
    ...each(
      'long',
      [20, 21, 36, 37, 50, 51, 100, 101, 255, 256, 4_096, 65_536].map((n) => 'x'.repeat(n)),
    ),
    ...each('wide', [
      '漢',
      '漢'.repeat(21),
      '漢'.repeat(5_000),
      '👍'.repeat(9),
      '👍🏽🇮🇳❤️',
      '한글',
      'e\u0301'.repeat(40),
    ]),
    ...each('marks', [`a${'\u0301'.repeat(2_000)}`, '\u0301', 'क्षि', '\u0e33', '\u3099']),
    ...each('number', [
      '٣',
      '½',
      '²',
      '∞',
      '1_000',
      '1 000',
      '1,5',
      '0b1',
      '1e',
      '--1',
      '+-1',
      '0x',
      '1.2.3',
      'Ⅷ',
      '1/2',
    ]),
    ...each('quoted', [
      '"',
      "'",
      '\\',
      '\\x00',
      '/*',
      '$$',
      '#{x}',
      '{{x}}',
      '`x`',
      ';',
      '\\u0000',
      "E'\\000'",
      '<script>',
      '&amp;',
    ]),
    ...each('broken JSON', [
      '{',
      '[',
      '{"a"',
      '{"a":}',
      '[1,]',
      'nul',
      'tru',
      '{"a":1}x',
      '\ufeff{}',
      "{'a':1}",
      '{a:1}',
      '"\\ud',
    ]),
    ...each('date', [
      '2026-02-30',
      '2026-13-01',
      '0000-00-00',
      '9999-99-99T99:99',
      '2026-01-01T00:00:00+99:00',
      '-1d',
      '1e3d',
    ]),
    ...each('path', [
      '~root',
      '/dev/zero',
      '/dev/stdin',
      'file:///etc/passwd',
      'C:\\x',
      '..',
      './.',
      'a//b',
      '/proc/self/environ',
    ]),
    ...each('words', [
      'undefined',
      'null',
      'true',
      'hasOwnProperty',
      'toString',
      'valueOf',
      '[object Object]',
      '__defineGetter__',
    ]),
  ]),
};

/** A symbol that is taken. */
export const SYMBOL = /^(?=.{1,50}$)[A-Za-z0-9][A-Za-z0-9&._$*-]*( [A-Za-z0-9&._$*-]+)*$/;

/** Everything is tried with everything by `npm run hostile`; else each place gets a few texts, and each text some places. */
const IS_LONG = process.env['PINNACLE_HOSTILE'] === 'all';

/** All of it in the long form; else at most so many, evenly spread, beginning elsewhere for every `turn`. */
export function some<T>(all: readonly T[], most: number, turn = 0): readonly T[] {
  if (IS_LONG || all.length <= most) return all;
  const step = all.length / most;
  return Array.from({ length: most }, (_, i) => all[(Math.floor(i * step) + turn * 7) % all.length] as T);
}

/** What may not reach a terminal as it is: C0 but line breaks and (between columns of a pipe) tabs, DEL, C1, bidi, zero width. */
export const RAW =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;
