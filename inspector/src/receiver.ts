/**
 * Wraps the receiver of @xstate/inspect, which parses a program's messages into machines and states of
 * XState 4 and generates the commands to the program.
 *
 * The package is made for browsers, where the two ends are windows that post messages to each other. It
 * accepts any two objects with the same methods.
 */

import { createWindowReceiver, type ParsedReceiverEvent } from '@xstate/inspect';

/** A parsed message, with the field that @xstate/inspect's types leave out. */
export type ReceiverEvent = ParsedReceiverEvent & { readonly wirechart?: unknown };

/** A machine of XState 4, as the receiver parsed it. */
export type V4Machine = Extract<ReceiverEvent, { type: 'service.register' }>['machine'];

/** The receiver for one program. */
export interface Receiver {
  /**
   * Handles one message of the program. Messages that are not of @xstate/inspect are ignored.
   *
   * @throws The parser's error, when the message is malformed.
   */
  receive(message: object): void;
  /** Sends an event to an actor of the program. */
  send(service: string, event: string): void;
  stop(): void;
}

type Windows = NonNullable<Parameters<typeof createWindowReceiver>[0]>;
type WindowListener = (message: { readonly data: object }) => void;

/**
 * Opens a receiver, which at once asks the program for its living actors.
 *
 * @param onEvent - Gets each parsed message.
 * @param send - Sends a command to the program.
 */
export function openReceiver(
  onEvent: (event: ReceiverEvent) => void,
  send: (command: object) => void,
): Receiver {
  const listeners = new Set<WindowListener>();
  const receiver = createWindowReceiver(fakeWindows(listeners, send));
  receiver.subscribe(onEvent);
  return {
    receive: (message) => {
      withoutWarnings(() => {
        for (const listener of listeners) listener({ data: message });
      });
    },
    send: (service, event) => {
      receiver.send({ type: 'xstate.event', event, service });
    },
    stop: () => receiver.stop?.(),
  };
}

/** The two windows, with the only methods of theirs that the receiver uses. */
function fakeWindows(listeners: Set<WindowListener>, send: (command: object) => void): Windows {
  const window = {
    addEventListener: (_: 'message', listener: WindowListener) => listeners.add(listener),
    removeEventListener: (_: 'message', listener: WindowListener) => listeners.delete(listener),
  };
  const targetWindow = { postMessage: send };
  return {
    window: window as unknown as Windows['window'] & object,
    targetWindow: targetWindow as unknown as Windows['targetWindow'] & object,
  };
}

/** Suppresses the console warnings of XState 4, which concern the machines of the watched program. */
export function withoutWarnings<T>(run: () => T): T {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return run();
  } finally {
    console.warn = warn;
  }
}
