const LINE = 0x0a;
const PRIME = 0x01000193;
const OTHER_PRIME = 0x85ebca6b;

/**
 * A digest of rows that does not depend on their order, which a table does not keep: the sums of two hashes per row. It tells
 * a restore that lost or altered something, not an attacker, whom the SHA-256 of the archive is for.
 */
export function rowDigest() {
  let rows = 0;
  let sum = 0;
  let otherSum = 0;
  let hash = 0;
  let other = 1;
  return {
    take(lines: Buffer): void {
      for (let i = 0; i < lines.length; i++) {
        const byte = lines[i] as number;
        if (byte !== LINE) {
          hash = Math.imul(hash ^ byte, PRIME);
          other = Math.imul(other, OTHER_PRIME) + byte;
          continue;
        }
        rows++;
        sum = (sum + mixed(hash)) | 0;
        otherSum = (otherSum + mixed(other)) | 0;
        hash = 0;
        other = 1;
      }
    },
    value: () => `${rows} ${sum} ${otherSum}`,
  };
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return half ^ (half >>> 13);
}
