/** Makes something once, when it is first asked for; what failed is made again when it is asked for again. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Makes something once for each key. */
export function lazilyPer<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const made = new Map<string, Promise<T>>();
  return (key, make) => {
    const found = made.get(key) ?? make();
    made.set(key, found);
    return found;
  };
}
