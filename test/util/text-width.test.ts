import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { cutToWidth, textWidth } from '../../src/util/text-width.ts';

describe('the width of a text', () => {
  it.each([
    ['', 0],
    ['order_1', 7],
    ['é', 1],
    ['e\u0301', 1],
    ['e\u0301\u0302\u0303', 1],
    ['\u0301', 0],
    ['漢字', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['₹1,000', 6],
    ['अनिता', 5],
    ['நிலா', 4],
    ['किमी', 4],
    ['…', 1],
    ['👍', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['🇮🇳', 2],
    ['\u{20000}', 2],
    ['\ue000', 1],
  ])('%j takes %i columns', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it('needs no segmenter, whose making takes a fifth of a start, for what tables and charts are made of', async () => {
    vi.resetModules();
    const { Segmenter } = Intl;
    const made = vi.fn();
    vi.stubGlobal('Intl', {
      Segmenter: class extends Segmenter {
        constructor(...given: ConstructorParameters<typeof Segmenter>) {
          super(...given);
          made();
        }
      },
    });
    const fresh = await import('../../src/util/text-width.ts');
    const shown = '₹1,23,450.50 … – ✓ ▁▄█ ░ ─│┤ ⡇⣿ é';
    expect(fresh.textWidth(shown)).toBe(shown.length);
    expect(fresh.cutToWidth('ord_01M8J1HW09511JVGEFMA2PTA3B', 10)).toBe('ord_01M8J…');
    expect(made).not.toHaveBeenCalled();
    expect(fresh.textWidth('அனிதா')).toBe(5);
    expect(made).toHaveBeenCalledOnce();
    vi.unstubAllGlobals();
  });

  it('is the same of every character beside one that is wide', () => {
    const below = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code));
    const wrong = below.filter((text) => textWidth(`${text}漢`) !== textWidth(text) + 2);
    expect(wrong).toEqual([]);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['漢字漢字', 8, '漢字漢字'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['ae\u0301ae\u0301ae\u0301', 3, 'ae\u0301…'],
    ['👍🏽👍🏽', 3, '👍🏽…'],
    ['漢', 1, '…'],
    ['', 5, ''],
    ['abcdefg', 6, 'abc...', '...'],
    ['abcdefg', 2, '..', '...'],
    ['漢字漢字', 7, '漢字...', '...'],
  ])('%j in %i columns is %j', (text, columns, cut, ellipsis = '…') => {
    expect(cutToWidth(text, columns, ellipsis)).toBe(cut);
  });

  it('is never more than was asked for, and what fits is whole', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '漢', '\u0301', '👍', '\ud83d', '\ue000'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (given, columns) => {
        const cut = cutToWidth(given, columns);
        expect(textWidth(cut)).toBeLessThanOrEqual(columns);
        if (cut !== given) expect(given.startsWith(cut.slice(0, -1))).toBe(true);
      }),
    );
  });

  it.each(['x', '漢', '👍', '\u0301'])('of a megabyte of %j is cut without reading it', (unit) => {
    const text = unit.repeat(1_000_000);
    const began = process.cpuUsage();
    for (let i = 0; i < 20; i++) cutToWidth(text, 500);
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
  });
});
