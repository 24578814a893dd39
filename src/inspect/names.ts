/** Translates the names of XState's own events between version 5, version 4 and words. */

/** The event names that XState 5 generates, with version 4's name and a readable one. */
const V5_TO_V4: readonly (readonly [v5: RegExp, v4: string, words: string])[] = [
  [/^xstate\.done\.actor\.(.+)$/, 'done.invoke.$1', '$1 done'],
  [/^xstate\.error\.actor\.(.+)$/, 'error.platform.$1', '$1 failed'],
  [/^xstate\.after\.([^.]+)\.(.*)$/, 'xstate.after($1)#$2', 'after $1'],
  [/^xstate\.done\.state\.(.*)$/, 'done.state.$1', 'done'],
];

/** The translations so far: a machine has few names, and each is needed for every event. */
const v4Names = /* @__PURE__ */ new Map<string, string>();
/** Further names, such as those of thousands of actors, are translated anew each time. */
const MAX_V4_NAMES = 1_000;

/** XState 4's name of an XState 5 event. */
export function toV4Name(type: string): string {
  if (!type.startsWith('xstate.')) return type;
  const known = v4Names.get(type);
  if (known !== undefined) return known;
  const name = translated(type);
  if (v4Names.size < MAX_V4_NAMES) v4Names.set(type, name);
  return name;
}

function translated(type: string): string {
  for (const [v5, v4] of V5_TO_V4) if (v5.test(type)) return type.replace(v5, v4);
  return type;
}

const V4_TO_V5: readonly (readonly [v4: RegExp, v5: string])[] = [
  [/^done\.invoke\.(.+)$/, 'xstate.done.actor.$1'],
  [/^error\.platform\.(.+)$/, 'xstate.error.actor.$1'],
  [/^xstate\.after\((.+?)\)#([^]*)$/, 'xstate.after.$1.$2'],
  [/^done\.state\.(.*)$/, 'xstate.done.state.$1'],
];

/** XState 5's name of an XState 4 event. */
export function toV5Name(type: string): string {
  for (const [v4, v5] of V4_TO_V5) if (v4.test(type)) return type.replace(v4, v5);
  return type;
}

/** An event in words: `reader done`, `after connectTimeout`. */
export function inWords(type: string): string {
  for (const [v5, , words] of V5_TO_V4) if (v5.test(type)) return type.replace(v5, words);
  return type;
}

/** The name of a guard or an action, which is a string, or an object or function with a name. */
export function nameOf(named: unknown, fallback: string): string {
  if (typeof named === 'string') return named;
  if ((typeof named !== 'object' && typeof named !== 'function') || named === null) return fallback;
  if ('type' in named && typeof named.type === 'string') return named.type;
  return 'name' in named && typeof named.name === 'string' && named.name !== ''
    ? named.name
    : fallback;
}
