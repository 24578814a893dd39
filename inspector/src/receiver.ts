/**
 * @xstate/inspect's own receiver, as the ear of the inspector: it parses what a program says into
 * machines and states of XState 4, and says what a program must be told.
 *
 * The package comes for browsers, where the two ends are windows that post messages to each other; it
 * takes any two objects that can do that.
 */

import { createWindowReceiver, type ParsedReceiverEvent } from '@xstate/inspect';

/** What a receiver tells of, with the fields that @xstate/inspect does not know. */
export type Heard = ParsedReceiverEvent & { readonly wirechart?: unknown };

/** One receiver, for one program. */
export interface Receiver {
  /**
   * Takes one message of the program. Messages that are not of @xstate/inspect are ignored.
   *
   * @throws What its parser throws, when the message is malformed.
   */
  take(message: object): void;
  /** Sends an event to an actor of the program. */
  send(service: string, event: string): void;
  stop(): void;
}

type Windows = NonNullable<Parameters<typeof createWindowReceiver>[0]>;
type Listener = (message: { readonly data: object }) => void;

/**
 * Opens a receiver, which at once asks the program to tell what there is.
 *
 * @param hear - Gets each message, parsed.
 * @param say - Sends a command to the program.
 */
export function openReceiver(
  hear: (event: Heard) => void,
  say: (command: object) => void,
): Receiver {
  const listeners = new Set<Listener>();
  const window = {
    addEventListener: (_: 'message', listener: Listener) => listeners.add(listener),
    removeEventListener: (_: 'message', listener: Listener) => listeners.delete(listener),
  };
  const targetWindow = { postMessage: say };
  // Of a window, the receiver uses just these methods.
  const receiver = createWindowReceiver({
    window: window as unknown as Windows['window'] & object,
    targetWindow: targetWindow as unknown as Windows['targetWindow'] & object,
  });
  receiver.subscribe(hear);
  return {
    take: (message) => {
      quietly(() => {
        for (const listener of listeners) listener({ data: message });
      });
    },
    send: (service, event) => {
      receiver.send({ type: 'xstate.event', event, service });
    },
    stop: () => receiver.stop?.(),
  };
}

/** XState 4 warns on the console of what it does not like in a machine, which is not ours to mend. */
export function quietly<T>(run: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return run();
  } finally {
    console.warn = warn;
  }
}
