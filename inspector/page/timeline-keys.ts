/** The keys of the timeline. */

/** What the keys do that work everywhere on the page. */
export interface PageKeysTarget {
  stepToError(direction: 1 | -1): void;
  stepToHit(direction: 1 | -1): void;
  togglePause(): void;
}

/** By how many rows a key of a list moves the selection; `undefined` for other keys. */
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

/** Space presses these, or types into them. */
const PRESSABLE =
  'button, a, summary, label, [role=button], [role=tab], [role=checkbox], [role=menuitem]';

/** Whether keys are for the element itself: it is typed into. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest('input, select, textarea') !== null);

/** Listens to the keys that work everywhere but where they are typed. */
export function onPageKeys(target: PageKeysTarget): void {
  const actions: Readonly<Record<string, () => void>> = {
    e: () => {
      target.stepToError(1);
    },
    E: () => {
      target.stepToError(-1);
    },
    n: () => {
      target.stepToHit(1);
    },
    N: () => {
      target.stepToHit(-1);
    },
    ' ': () => {
      target.togglePause();
    },
  };
  document.addEventListener('keydown', (event) => {
    const action = actions[event.key];
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (action === undefined || isModified || event.defaultPrevented) return;
    const { target: element } = event;
    if (isTyping(element) || (event.key === ' ' && isPressable(element))) return;
    event.preventDefault();
    action();
  });
}

const isPressable = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest(PRESSABLE) !== null;
