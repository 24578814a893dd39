/** What both processes of a soak know: what a session is to be like, and what its messages are. */

/** What happens to a session. With the last three, and with none, no message may be lost. */
export const FAULTS = ['cut', 'reset', 'garbage', 'stall', 'slow', 'none'] as const;

export type Fault = (typeof FAULTS)[number];

/** The first line of a session. */
export interface Plan {
  readonly session: number;
  /** How many messages each side sends. */
  readonly count: number;
  readonly fault: Fault;
  /** At which message it happens. */
  readonly at: number;
}

/** What the server has seen of a session. */
export interface Report {
  readonly session: number;
  readonly received: number;
  readonly sent: number;
  /** Whether what was received is the beginning of what was sent, in order. */
  readonly isOrdered: boolean;
}

/** What the server sends as bytes that are no line. */
export const BROKEN = '!';

export const planOf = (line: string): Plan => JSON.parse(line) as Plan;

const FILLING = 'x'.repeat(64);

/** The message of a number: they are of many sizes. */
export const lineOf = (number: number): string =>
  `${String(number)} ${FILLING.slice(0, number % 61)}`;

/** The number of a message; `NaN` when anything of it is different. */
export function numberOf(line: string): number {
  const number = parseInt(line, 10);
  return line === lineOf(number) ? number : NaN;
}
