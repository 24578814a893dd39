/** The functions that replace values before they are shown: one of the program, and one of each outlet. */

import { redacted, type Redacting } from '../core/redactors.ts';
import { type Sanitize, toPlain } from './plain.ts';
import type { Json } from './wire.ts';

export type { Redacting } from '../core/redactors.ts';

/** Where the program's function is kept, so that all copies of this package in a program find it. */
const PROGRAM_SANITIZE = /* @__PURE__ */ Symbol.for('wirechart.sanitize');

/**
 * Sets the function that replaces values in everything this library shows of the program: in the records of
 * loggers and of `NODE_DEBUG=wirechart`, in recordings (`recordTo()`, `WIRECHART_TRACE`) and in reports to
 * inspectors (`inspectTo()`, `WIRECHART_INSPECT`). It is called before the `sanitize` of one recording or
 * report, and replaces one that was set before. Secrets that it leaves unchanged are still hidden.
 *
 * To set it without a change of the program, run it with `node --import ./sanitize.js`, a file that calls
 * this function.
 *
 * @param sanitize - See `Sanitize`; `undefined` removes it.
 */
export function setSanitize(sanitize: Sanitize | undefined): void {
  Reflect.set(globalThis, PROGRAM_SANITIZE, sanitize);
}

function programSanitize(): Sanitize | undefined {
  const sanitize: unknown = Reflect.get(globalThis, PROGRAM_SANITIZE);
  return isSanitize(sanitize) ? sanitize : undefined;
}

const isSanitize = (value: unknown): value is Sanitize => typeof value === 'function';

/** The program's function followed by that of one outlet. */
export function combinedSanitize(own: Sanitize | undefined): Sanitize | undefined {
  const program = programSanitize();
  if (program === undefined || own === undefined) return program ?? own;
  return (key, value) => own(key, program(key, value));
}

/** Converts a message of a protocol to JSON. Never throws. */
export function messageToPlain(message: unknown, definition: Redacting, own?: Sanitize): Json {
  const isRedacted = definition.redact !== undefined;
  return toPlain(redacted(message, definition), combinedSanitize(own), isRedacted);
}
