/** The page's line to the server: comes back by itself. */

import type { PageMessage, ServerMessage } from '../shared/view.ts';

/** Between two attempts, in ms. */
const RECONNECT_MS = 1000;

/** What becomes of the line. */
export interface LineEvents {
  readonly onMessages: (messages: readonly ServerMessage[]) => void;
  readonly onChange: (connection: 'connecting' | 'open' | 'refused') => void;
}

/** See the module's comment. */
export class Line {
  readonly #events: LineEvents;
  readonly #token: string;
  #socket: WebSocket | undefined;

  constructor(token: string, events: LineEvents) {
    this.#token = token;
    this.#events = events;
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
      this.#events.onChange('open');
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // Our own server says what its types say.
      if (typeof data === 'string') this.#events.onMessages(JSON.parse(data) as ServerMessage[]);
    });
    socket.addEventListener('close', () => {
      this.#events.onChange(wasOpen ? 'connecting' : 'refused');
      setTimeout(() => {
        this.#connect();
      }, RECONNECT_MS);
    });
  }
}
