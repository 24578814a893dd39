/** The page's WebSocket to the server, which reconnects by itself. */

import type { PageMessage, ServerMessage } from '../shared/view.ts';

/** The delay between two attempts: doubled after each that fails, up to the maximum. */
const MIN_RECONNECT_MS = 1000;
/** A page whose token is wrong must not use up the attempts that the inspector allows its user. */
const MAX_RECONNECT_MS = 8000;

/** Called for what happens on the connection. */
export interface ConnectionListener {
  readonly onMessages: (messages: readonly ServerMessage[]) => void;
  readonly onChange: (connection: 'connecting' | 'open' | 'refused') => void;
}

/** Connects to the server at once, and again whenever the connection ends. */
export class ServerConnection {
  readonly #listener: ConnectionListener;
  readonly #token: string;
  #socket: WebSocket | undefined;
  #reconnectMs = MIN_RECONNECT_MS;

  constructor(token: string, listener: ConnectionListener) {
    this.#token = token;
    this.#listener = listener;
    this.#connect();
  }

  send(message: PageMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(): void {
    const url = `ws://${location.host}/viewer?token=${encodeURIComponent(this.#token)}`;
    const socket = new WebSocket(url);
    this.#socket = socket;
    let wasOpen = false;
    socket.addEventListener('open', () => {
      wasOpen = true;
      this.#reconnectMs = MIN_RECONNECT_MS;
      this.#listener.onChange('open');
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // The inspector's own server sends messages of this type only.
      if (typeof data === 'string') this.#listener.onMessages(JSON.parse(data) as ServerMessage[]);
    });
    socket.addEventListener('close', () => {
      this.#listener.onChange(wasOpen ? 'connecting' : 'refused');
      setTimeout(() => {
        this.#connect();
      }, this.#reconnectMs);
      this.#reconnectMs = Math.min(2 * this.#reconnectMs, MAX_RECONNECT_MS);
    });
  }
}
