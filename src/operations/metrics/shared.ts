/**
 * The same, asked once by all who ask while it is under way, or within so many milliseconds of its answer. A failure is not kept.
 */
export function shared<T>(maxAgeMs: number, make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    if (made) return made;
    const forget = () => {
      made = undefined;
    };
    made = make();
    made.then(() => {
      if (Number.isFinite(maxAgeMs)) setTimeout(forget, maxAgeMs).unref();
    }, forget);
    return made;
  };
}
