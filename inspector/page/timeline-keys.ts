/** The keys of the timeline, as long as it has the focus. */

/** By how many rows a key moves the selection; `undefined` for other keys. */
export function listSteps(
  { key, ctrlKey, metaKey, altKey }: KeyboardEvent,
  page: number,
): number | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity },
    ...{ PageDown: Math.max(1, page), PageUp: -Math.max(1, page) },
  };
  return steps[key];
}
