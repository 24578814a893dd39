/** The page's WebSocket to the server, which reconnects by itself. */

import type { PageMessage, ServerMessage } from '../shared/view.ts';
import type { ConnectionState } from './connection-state.ts';

/** The delay between two attempts: doubled after each that fails, up to the maximum. */
const MIN_RECONNECT_MS = 1000;
/** A page whose token is wrong must not use up the attempts that the inspector allows its user. */
export const MAX_RECONNECT_MS = 8000;
/** A token that was refused becomes right only when another inspector has it. */
const REFUSED_RECONNECT_MS = 30_000;
/** The close code with which the server refuses a page. */
const TRY_AGAIN_LATER = 1013;
/** Served without a token: it says whether an inspector is there. */
const PROBE = '/page/icon.svg';

/** Called for what happens on the connection. */
export interface ConnectionListener {
  readonly onMessages: (messages: readonly ServerMessage[]) => void;
  /** A message that is no list of messages. */
  readonly onUnreadable: (error: unknown) => void;
  readonly onChange: (state: ConnectionState) => void;
}

/** Connects to the server at once, and again whenever the connection ends. */
export class ServerConnection {
  readonly #listener: ConnectionListener;
  #socket: WebSocket | undefined;
  #reconnectMs = MIN_RECONNECT_MS;

  /** @param token - Without one, nothing is connected. */
  constructor(token: string | undefined, listener: ConnectionListener) {
    this.#listener = listener;
    if (token === undefined) listener.onChange('no-token');
    else this.#connect(token);
  }

  /** Sends a request. Without a connection it is dropped. */
  send(message: PageMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(token: string): void {
    const url = `ws://${location.host}/viewer?token=${encodeURIComponent(token)}`;
    const socket = new WebSocket(url);
    this.#socket = socket;
    let isOpen = false;
    socket.addEventListener('open', () => {
      isOpen = true;
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // A page that is refused because there are too many gets no message.
      this.#onOpen();
      this.#receive(data);
    });
    socket.addEventListener('close', ({ code }) => {
      void this.#onClose(token, isOpen, code);
    });
  }

  #onOpen(): void {
    this.#reconnectMs = MIN_RECONNECT_MS;
    this.#listener.onChange('open');
  }

  #receive(data: unknown): void {
    try {
      const messages: unknown = typeof data === 'string' ? JSON.parse(data) : undefined;
      if (!Array.isArray(messages)) throw new TypeError('it is no list of messages');
      // The inspector's own server sends messages of this type only.
      this.#listener.onMessages(messages as ServerMessage[]);
    } catch (error) {
      this.#listener.onUnreadable(error);
    }
  }

  async #onClose(token: string, wasOpen: boolean, code: number): Promise<void> {
    const state = wasOpen ? closedState(code) : await failedState();
    this.#listener.onChange(state);
    const delay = state === 'refused' ? REFUSED_RECONNECT_MS : this.#reconnectMs;
    setTimeout(() => {
      this.#connect(token);
    }, delay);
    this.#reconnectMs = Math.min(2 * this.#reconnectMs, MAX_RECONNECT_MS);
  }
}

const closedState = (code: number): ConnectionState => (code === TRY_AGAIN_LATER ? 'full' : 'lost');

/** Why an attempt has failed. A browser does not tell the status with which a WebSocket was refused. */
async function failedState(): Promise<ConnectionState> {
  try {
    const response = await fetch(PROBE, { cache: 'no-store' });
    return response.ok ? 'refused' : 'lost';
  } catch {
    return 'lost';
  }
}
