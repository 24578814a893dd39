/** A program that receives descriptors, which Node cannot, and reports what has come. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cleanUp, tempDir } from './cleanup.ts';

/** A read ends with the bytes that a descriptor was sent with: with a blank, if it was sent as it should be. */
const PROGRAM = `
import array, json, os, socket, sys
mode, where = sys.argv[1], sys.argv[2]
if mode == 'listen':
    server = socket.socket(socket.AF_UNIX)
    server.bind(where)
    server.listen()
    print('listening', flush=True)
    peer, _ = server.accept()
else:
    peer = socket.socket(fileno=int(where))
sys.stdin.read(1)
text, descriptors = b'', []
while True:
    data, fds, flags, _ = socket.recv_fds(peer, 1 << 20, 8)
    if not data: break
    for fd in fds:
        content = os.pread(fd, 100, 0).decode()
        descriptors.append({'at': len(text) + len(data) - 1, 'content': content})
        os.close(fd)
        if mode == 'inherit': peer.sendall(content.encode() + b'\\n')
    text += data
print(json.dumps({'text': text.decode(), 'descriptors': descriptors}), flush=True)
`;

/** What has come: the text, and the places in it that descriptors have come with. */
export interface Received {
  readonly text: string;
  readonly descriptors: readonly { readonly at: number; readonly content: string }[];
}

/** The command of a receiver that has inherited this socket, and answers each descriptor with a line: its content. */
export const inheritingReceiver = (fd = 3): readonly [command: string, args: string[]] => [
  'python3',
  ['-c', PROGRAM, 'inherit', String(fd)],
];

/** Whether there is a Python that can receive descriptors. */
export const canReceive: boolean = (() => {
  try {
    execFileSync('python3', ['-c', 'import socket; socket.recv_fds'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** A receiver that listens on a UNIX socket. */
export class DescriptorReceiver {
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #report: Promise<string>;

  private constructor(path: string, child: ChildProcess, report: Promise<string>) {
    this.path = path;
    this.#child = child;
    this.#report = report;
  }

  /** Starts one. Resolves when it listens; it reads nothing before `read()` or `received()` is called. */
  static async start(): Promise<DescriptorReceiver> {
    const path = join(await tempDir(), 'fds.sock');
    const child = spawn('python3', ['-c', PROGRAM, 'listen', path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const closed = once(child, 'close');
    cleanUp(async () => {
      child.kill('SIGKILL');
      await closed;
    });
    await once(child.stdout, 'data');
    const report = closed.then(() => output.split('\n')[1] ?? '');
    return new DescriptorReceiver(path, child, report);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** From now on it reads. */
  read(): void {
    this.#child.stdin?.end('r');
  }

  /** What it has received when the connection has ended. */
  async received(): Promise<Received> {
    this.read();
    return JSON.parse(await this.#report) as Received;
  }
}
