/** vscode-jsonrpc over a socket, as its users set it up. */

import { connect, type Socket } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';

/** A connection that listens, and its socket. */
export interface RpcClient {
  readonly connection: MessageConnection;
  readonly socket: Socket;
}

/** Dials and listens. `prepare` registers handlers before the first message can come. */
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

/** Ends both. */
export async function closeRpc({ connection, socket }: RpcClient): Promise<void> {
  connection.dispose();
  await destroy(socket);
}

/** A bare socket, open. */
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

/** Destroys a socket and waits for that. */
export function destroy(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    socket.destroy();
  });
}
