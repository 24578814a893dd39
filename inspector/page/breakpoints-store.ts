/** The breakpoints as they are kept in the browser, whose contents are checked: another page may have written them. */

import { BREAKPOINT_KINDS, type Breakpoint } from './breakpoints-rules.ts';

export const MAX_BREAKPOINTS = 30;
export const MAX_TEXT = 200;
/** A day. */
export const MAX_STAY_MS = 86_400_000;

/** A breakpoint with values that are within the bounds. */
export function bounded({ kind, text, ms, actor, isOn }: Breakpoint): Breakpoint {
  return {
    ...{ kind, isOn, text: text.trim().slice(0, MAX_TEXT), actor: actor.trim().slice(0, MAX_TEXT) },
    ms: Number.isFinite(ms) ? Math.min(MAX_STAY_MS, Math.max(0, Math.round(ms))) : 0,
  };
}

/** The text of breakpoints. The last ones that do not fit are left out. */
export function textOfBreakpoints(
  breakpoints: readonly Breakpoint[],
  maxCharacters: number,
): string {
  let texts: string[] = [];
  for (const { kind, text, ms, actor, isOn } of breakpoints) {
    const more = [...texts, JSON.stringify([kind, text, ms, actor, isOn])];
    if (more.join().length + 2 > maxCharacters) break;
    texts = more;
  }
  return `[${texts.join()}]`;
}

/** The breakpoints in a text. What is not one is left out. */
export function readBreakpoints(text: string | undefined): Breakpoint[] {
  if (text === undefined) return [];
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(items)) return [];
  return items.slice(0, MAX_BREAKPOINTS).flatMap((item: unknown) => breakpointOf(item) ?? []);
}

function breakpointOf(item: unknown): Breakpoint | undefined {
  if (!Array.isArray(item)) return undefined;
  const [kind, text, ms, actor, isOn] = item as readonly unknown[];
  const known = BREAKPOINT_KINDS.find((one) => one === kind);
  if (known === undefined || typeof text !== 'string' || typeof ms !== 'number') return undefined;
  if (typeof actor !== 'string' || typeof isOn !== 'boolean') return undefined;
  return bounded({ kind: known, text, ms, actor, isOn });
}
