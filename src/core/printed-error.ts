/**
 * How errors are printed. Peers choose parts of their texts, so nothing of an error may reach a terminal
 * unescaped: not its message, not its other members, and not its causes.
 */

import { cutText, isPrintable, printable, printableLines } from './printable.ts';
import { BRAND } from './retryable.ts';
import { isError, memberOf, setUnprinted } from './shape.ts';

/** Node's `util.inspect()`, as it is given to methods that replace it for one object. */
type Inspect = (value: unknown, options: object) => string;

/** Whether an error is being printed: what is printed within it is escaped with it. */
let isPrinting = false;

/** What `util.inspect()` shows of an error of ours: what it would show anyway, with escapes. */
export function printed(error: object, depth: unknown, options: object, inspect: unknown): unknown {
  // An object that returns itself is shown as if it had no method of its own.
  if (isPrinting || !isInspect(inspect)) return error;
  isPrinting = true;
  try {
    const plain = inspect(error, { ...withoutColors(options), depth });
    const shown = printableLines(plain);
    // Escape sequences for colors could not be told from those of a peer.
    return shown === plain ? inspect(error, { ...options, depth }) : shown;
  } finally {
    isPrinting = false;
  }
}

const isInspect = (value: unknown): value is Inspect => typeof value === 'function';

const withoutColors = (options: object): object => {
  const entries = Object.entries(options).filter(([name]) => name !== 'stylize');
  return { ...Object.fromEntries(entries), colors: false };
};

/**
 * Sets a member that holds what a peer has said, exactly. It is not printed with its object if it cannot be
 * printed as it is: Node prints the members of an uncaught error without asking.
 */
export function setSaid(target: object, name: string, value: unknown): void {
  if (isAllPrintable(value)) Reflect.set(target, name, value);
  else setUnprinted(target, name, value);
}

/** The same as `isPrintable()` for all texts in a JSON value. */
function isAllPrintable(value: unknown): boolean {
  if (typeof value === 'string') return isPrintable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([name, member]) => isPrintable(name) && isAllPrintable(member),
  );
}

/**
 * Makes an error that the system, TLS or a decoder has created safe to print, and returns it: Node prints
 * the causes of an uncaught error without asking. Its texts are escaped in place.
 */
export function safeCause<T>(cause: T): T {
  if (!isError(cause) || memberOf(cause, BRAND) === true) return cause;
  const { message, stack = '' } = cause;
  const shown = printable(cutText(message.trimEnd()));
  if (shown === message.trimEnd() && isPrintable(stack)) return cause;
  try {
    setUnprinted(cause, 'message', shown);
    setUnprinted(cause, 'stack', printableLines(stack.replace(message, () => shown)));
    for (const [name, value] of Object.entries(cause)) escapeMember(cause, name, value);
  } catch {
    // It is frozen.
  }
  return cause;
}

/** Node copies parts of its texts into members, such as `reason`, and adds objects, such as `cert`. */
function escapeMember(error: object, name: string, value: unknown): void {
  if (typeof value === 'string') Reflect.set(error, name, printable(value));
  else if (typeof value === 'object') setUnprinted(error, name, value);
}

/** The same for the options of an error. */
export const withSafeCause = (options: ErrorOptions | undefined): ErrorOptions | undefined =>
  options && 'cause' in options ? { cause: safeCause(options.cause) } : undefined;
