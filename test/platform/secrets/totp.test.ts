import { describe, expect, it } from 'vitest';
import { totpOf, totpStepAt, totpStepLeft } from '../../../src/platform/secrets/totp.ts';

// The secret of RFC 6238, appendix B: the ASCII text 12345678901234567890.
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('one-time passwords', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('at %i s are those of RFC 6238', (seconds, code) => {
    expect(totpOf(SECRET, totpStepAt(new Date(seconds * 1_000)))).toBe(code);
  });

  it('take a secret in any case, with blanks and padding', () => {
    expect(totpOf('gezd gnbv-gy3t qojq gezd gnbv gy3t qojq====', 1)).toBe(totpOf(SECRET, 1));
  });

  it.each(['', 'GEZD', '0189', `${SECRET}!`])('are not made of %j', (secret) => {
    expect(() => totpOf(secret, 1)).toThrow(RangeError);
  });

  it('last until their step ends', () => {
    expect(totpStepLeft(new Date(59_999))).toBe(1);
    expect(totpStepLeft(new Date(60_000))).toBe(30_000);
  });
});
