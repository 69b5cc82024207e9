/** The ids of a file so far, with their lines. */
export interface IdSet {
  /** Adds an id; returns the line that already had it, undefined if it is new. */
  add: (id: string, line: number) => number | undefined;
}

/**
 * Keeps 16 bytes per id, so that five million take 130 MB instead of a gigabyte: three hashes of 32 bits, which collide
 * once in 10^16 files of that size.
 */
export function createIdSet(): IdSet {
  let size = 1 << 16;
  let keys = new Uint32Array(size * 3);
  let lines = new Uint32Array(size);
  let count = 0;

  /** The place of a key: its own, or the free one where it belongs. */
  const placeOf = (a: number, b: number, c: number): number => {
    let place = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
    for (;;) {
      place &= size - 1;
      const at = place * 3;
      if (lines[place] === 0) return place;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c) return place;
      place++;
    }
  };
  const put = (place: number, a: number, b: number, c: number, line: number) => {
    keys.set([a, b, c], place * 3);
    lines[place] = line;
  };
  const grow = () => {
    const oldKeys = keys;
    const oldLines = lines;
    size *= 2;
    keys = new Uint32Array(size * 3);
    lines = new Uint32Array(size);
    oldLines.forEach((line, i) => {
      if (line === 0) return;
      const [a = 0, b = 0, c = 0] = oldKeys.subarray(i * 3, i * 3 + 3);
      put(placeOf(a, b, c), a, b, c, line);
    });
  };
  return {
    add(id, line) {
      let [a, b, c] = [0x811c9dc5, 0x1b873593, 0x85ebca6b];
      for (let i = 0; i < id.length; i++) {
        const code = id.charCodeAt(i);
        a = Math.imul(a ^ code, 0x01000193);
        b = Math.imul((b << 13) | (b >>> 19), 0xcc9e2d51) + code;
        c = Math.imul(c ^ (c >>> 15), 0x2c1b3c6d) ^ Math.imul(code, 0x297a2d39);
      }
      [a, b, c] = [a >>> 0, b >>> 0, c >>> 0];
      const place = placeOf(a, b, c);
      if (lines[place] !== 0) return lines[place];
      put(place, a, b, c, line);
      if (++count > size * 0.6) grow();
      return undefined;
    },
  };
}
