/**
 * What may be shown of objects that have left the protocol which knows their secrets.
 *
 * A chart passes messages on, in events, inputs, outputs and contexts, and an inspector that shows one knows only the
 * chart. So the protocol is noted for each such object when it is handed to a chart. Texts and copies cannot be
 * recognized.
 */

import { isThenable } from './shape.ts';

/** The part of a protocol's definition that says what may be shown of its messages. */
export interface Redacting {
  redact?(message: unknown): unknown;
}

/** Where the notes are kept, so that an inspector of another copy of this package finds them. */
const REDACTORS = /* @__PURE__ */ Symbol.for('wirechart.redactors');

function redactors(): WeakMap<object, Redacting> {
  const known: unknown = Reflect.get(globalThis, REDACTORS);
  if (isWeakMap(known)) return known;
  const created = new WeakMap<object, Redacting>();
  Object.defineProperty(globalThis, REDACTORS, { value: created });
  return created;
}

const isWeakMap = (value: unknown): value is WeakMap<object, Redacting> =>
  Object.prototype.toString.call(value) === '[object WeakMap]';

let notes: WeakMap<object, Redacting> | undefined;

/** Notes what may be shown of an object. Values that are no objects are ignored. */
export function noteRedactor(subject: unknown, redacting: Redacting): void {
  if (typeof subject !== 'object' || subject === null || redacting.redact === undefined) return;
  notes ??= redactors();
  notes.set(subject, redacting);
}

/** What was noted of an object; `undefined` for all other values. */
export function redactorOf(subject: unknown): Redacting | undefined {
  if (typeof subject !== 'object' || subject === null) return undefined;
  notes ??= redactors();
  return notes.get(subject);
}

const HIDDEN = '[hidden, because redact threw]';

/** What may be shown of a message. Never throws. */
export function redacted(message: unknown, redacting: Redacting): unknown {
  let shown: unknown;
  try {
    shown = redacting.redact === undefined ? message : redacting.redact(message);
  } catch {
    return HIDDEN;
  }
  if (!isThenable(shown)) return shown;
  // An async function cannot be waited for.
  shown.then(undefined, () => undefined);
  return HIDDEN;
}

/** An object that is shown as a message is, for messages that are texts. */
export function standIn(message: unknown, redacting: Redacting): object {
  const subject = {};
  noteRedactor(subject, { redact: () => redacting.redact?.(message) });
  return subject;
}
