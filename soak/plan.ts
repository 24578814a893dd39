/** What both processes share: the plan of a session, and the content of its messages. */

/** What happens to a session. With the last three no message may be lost. */
export const FAULTS = ['cut', 'reset', 'garbage', 'stall', 'slow', 'none'] as const;

export type Fault = (typeof FAULTS)[number];

/** The plan of a session, which the client sends as the first line. */
export interface Plan {
  readonly session: number;
  /** How many messages each side sends. */
  readonly count: number;
  readonly fault: Fault;
  /** The index of the message at which the fault occurs. */
  readonly at: number;
}

/** The server's report on a session. */
export interface Report {
  readonly session: number;
  readonly received: number;
  readonly sent: number;
  /** Whether the messages arrived in order and without gaps. */
  readonly isOrdered: boolean;
}

/** A message that the server encodes as invalid bytes. */
export const BROKEN = '!';

export const planOf = (line: string): Plan => JSON.parse(line) as Plan;

const PADDING = 'x'.repeat(64);

/** Returns the message with this number. Messages have many sizes. */
export const lineOf = (number: number): string =>
  `${String(number)} ${PADDING.slice(0, number % 61)}`;

/** Returns the number of a message; `NaN` when the message was altered. */
export function numberOf(line: string): number {
  const number = parseInt(line, 10);
  return line === lineOf(number) ? number : NaN;
}
