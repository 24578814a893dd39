/** vscode-jsonrpc over a socket, with its usual stream reader and writer. */

import { connect, type Socket } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';

/** A connection in use, and its socket. */
export interface RpcClient {
  readonly connection: MessageConnection;
  readonly socket: Socket;
}

/** Connects. `prepare` may register handlers before the first message can arrive. */
export async function connectRpc(
  path: string,
  prepare?: (connection: MessageConnection) => void,
): Promise<RpcClient> {
  const socket = await dial(path);
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  prepare?.(connection);
  connection.listen();
  return { connection, socket };
}

/** Closes the connection and its socket. */
export async function closeRpc({ connection, socket }: RpcClient): Promise<void> {
  connection.dispose();
  await destroy(socket);
}

/** Resolves with a connected socket. */
export function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

/** Destroys a socket; resolves when it has closed. */
export function destroy(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    socket.destroy();
  });
}
