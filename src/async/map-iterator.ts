/** Maps the values of an asynchronous iterator. */

/** Returns an iterator over the results of `map`, which must not throw. Leaving it leaves `source`. */
export function mapIterator<T, R>(
  source: AsyncIterableIterator<T>,
  map: (value: T) => R,
): AsyncIterableIterator<R> {
  const mapped = async (taken: Promise<IteratorResult<T>>): Promise<IteratorResult<R>> => {
    const result = await taken;
    if (result.done === true) return { done: true, value: undefined };
    return { done: false, value: map(result.value) };
  };
  return {
    next: () => mapped(source.next()),
    return: async () => {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
