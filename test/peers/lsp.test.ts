/** The examples of a client and a server for LSP, against a server and a client that we did not write. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { LspClient } from '../../examples/lsp/client.ts';
import type { Diagnostic } from '../../examples/lsp/methods.ts';
import { type JsonValue, type SpawnedPeer, supervise } from '../../src/index.ts';
import { memberOf } from '../../src/core/shape.ts';
import { cleanUp, expectIdleAfterEach, tempDir, track } from '../support/cleanup.ts';
import {
  fileOf,
  nodeArgs,
  outputOf,
  PATIENT,
  PROGRAM_TEST_MS,
  startProgram,
} from '../support/programs.ts';
import { rejection } from '../support/signal.ts';
import { ROOT } from '../support/source-packages.ts';

expectIdleAfterEach();

const TIMEOUT = { timeout: PROGRAM_TEST_MS };
const TYPESCRIPT_SERVER = fileOf('typescript-language-server/lib/cli.mjs');
const TODO_SERVER = 'examples/lsp/server.ts';

const URI = 'file:///example.ts';
const TEXT = `const answer: number = 'forty-two';
answer.toFixed();
`;
const document = (text: string) => ({
  textDocument: { uri: URI, languageId: 'typescript', version: 1, text },
});
const place = (line: number, character: number) => ({
  textDocument: { uri: URI },
  position: { line, character },
});

/** A client that keeps what the server sends. */
class Editor extends LspClient {
  readonly received: JsonValue[] = [];
  #listeners: (() => void)[] = [];

  /** Resolves with the first message that satisfies `isWanted`, of those that came and that come. */
  async message(isWanted: (message: JsonValue) => boolean): Promise<JsonValue> {
    for (;;) {
      const found = this.received.find(isWanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  /** Resolves with the first diagnostics that are not empty. */
  async diagnostics(): Promise<readonly Diagnostic[]> {
    const listOf = (message: JsonValue) =>
      memberOf(memberOf(message, 'params'), 'diagnostics') as readonly Diagnostic[] | undefined;
    return listOf(await this.message((message) => (listOf(message)?.length ?? 0) > 0)) ?? [];
  }

  protected override inbound(message: JsonValue): JsonValue {
    this.received.push(message);
    for (const listener of this.#listeners.splice(0)) setImmediate(listener);
    return message;
  }
}

const editor = (): Editor => track(new Editor({ timeouts: PATIENT }));
const hasMethod = (method: string) => (message: JsonValue) =>
  memberOf(message, 'method') === method;

describe('typescript-language-server', TIMEOUT, () => {
  async function connected(capabilities: object = {}) {
    const client = editor();
    client.hello = {
      ...client.hello,
      // Nothing is downloaded.
      initializationOptions: { disableAutomaticTypingAcquisition: true },
      capabilities: { ...client.hello.capabilities, ...capabilities },
    };
    const server = startProgram([TYPESCRIPT_SERVER, '--stdio']);
    await client.connect(server.address);
    return { client, server };
  }

  /** The server has exited by itself, as the client has asked it to. */
  async function leaves(client: Editor, server: SpawnedPeer) {
    await client.disconnect();
    expect(await server.exited).toMatchObject({ exitCode: 0, signal: null });
    expect(client.outcome?.cause).toBeUndefined();
  }

  test('tells our client of a problem, a type, a definition and completions', async () => {
    const { client, server } = await connected();
    expect(client.negotiated?.capabilities).toMatchObject({ hoverProvider: true });
    await client.notify('textDocument/didOpen', document(TEXT));
    const [hover, definition, completion] = await Promise.all([
      client.request('textDocument/hover', place(1, 2)),
      client.request('textDocument/definition', place(1, 2)),
      client.request('textDocument/completion', place(1, 2)),
    ]);
    expect(hover?.contents.value).toContain('const answer: number');
    expect(definition).toMatchObject([{ uri: URI, range: { start: { line: 0, character: 6 } } }]);
    expect(completion.items.map(({ label }) => label)).toContain('answer');
    expect((await client.diagnostics()).map(({ message }) => message)).toContain(
      "Type 'string' is not assignable to type 'number'.",
    );
    await leaves(client, server);
  });

  test('gets the answers of our client to its requests', async () => {
    const { client, server } = await connected({ window: { workDoneProgress: true } });
    // A project, whose loading takes time.
    const folder = await tempDir();
    await writeFile(join(folder, 'tsconfig.json'), '{}');
    await writeFile(join(folder, 'example.ts'), TEXT);
    const uri = pathToFileURL(join(folder, 'example.ts')).href;
    const { textDocument, position } = { ...document(TEXT), ...place(1, 2), textDocument: { uri } };
    await client.notify('textDocument/didOpen', {
      textDocument: { ...document(TEXT).textDocument, ...textDocument },
    });
    // It asks for the configuration first, and for a place to report progress to.
    const { items } = await client.request('textDocument/completion', { textDocument, position });
    expect(items.map(({ label }) => label)).toContain('answer');
    expect(client.received.some(hasMethod('workspace/configuration'))).toBe(true);
    const create = await client.message(hasMethod('window/workDoneProgress/create'));
    const token = memberOf(memberOf(create, 'params'), 'token');
    const progress = await client.message(hasMethod('$/progress'));
    expect(progress).toMatchObject({ params: { token, value: { kind: 'begin' } } });
    await leaves(client, server);
  });

  test('answers the next request when our client has given one up', async () => {
    const { client, server } = await connected();
    await client.notify('textDocument/didOpen', document(TEXT));
    const controller = new AbortController();
    const { signal } = controller;
    const givenUp = client.request('textDocument/completion', place(1, 2), { signal });
    controller.abort(new Error('typed on'));
    expect(await rejection(givenUp)).toMatchObject({ message: 'typed on' });
    expect((await client.request('textDocument/hover', place(1, 2)))?.contents.value).toContain(
      'number',
    );
    // The first request, initialize, has the id 1. This server may reply to a cancelled one as to any other.
    await client.message(
      (message) => memberOf(message, 'id') === 2 && memberOf(message, 'method') === undefined,
    );
    expect(client.pending).toBe(0);
    await leaves(client, server);
  });
});

describe('the example of a client', TIMEOUT, () => {
  test('prints a type, a problem, and the exit code of the server', async () => {
    expect(await outputOf('examples/lsp/run.ts')).toBe(
      [
        '```typescript',
        'const answer: number',
        '```',
        "Type 'string' is not assignable to type 'number'.",
        'exit code 0',
        '',
      ].join('\n'),
    );
  });
});

const TODO_TEXT = 'let x;\nx = 1; // TODO: rename x\n';
const TODO_DIAGNOSTIC = {
  range: { start: { line: 1, character: 10 }, end: { line: 1, character: 24 } },
  message: 'rename x',
};

describe('the example of a server', TIMEOUT, () => {
  const start = () => startProgram(nodeArgs(TODO_SERVER));

  test('serves our client until that says goodbye', async () => {
    const [client, server] = [editor(), start()];
    await client.connect(server.address);
    expect(client.negotiated?.serverInfo).toEqual({ name: 'todo' });
    await client.notify('textDocument/didOpen', document(TODO_TEXT));
    // The notification is handled before the request that follows it.
    const hover = await client.request('textDocument/hover', place(1, 15));
    expect(hover?.contents.value).toBe('To be done: rename x');
    expect(await client.diagnostics()).toMatchObject([TODO_DIAGNOSTIC]);
    await client.disconnect();
    expect(await server.exited).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('is started again by a supervisor when it is killed', async () => {
    const servers: SpawnedPeer[] = [];
    const supervisor = supervise(
      Editor,
      () => {
        servers.push(start());
        return servers.at(-1)?.address ?? '';
      },
      { backoff: { initial: 1 }, timeouts: PATIENT },
    );
    const first = await supervisor.up();
    expect(await first.request('textDocument/hover', place(0, 0))).toBeNull();
    servers[0]?.kill('SIGKILL');
    await first.closed;
    const second = await supervisor.up();
    expect(second.negotiated?.serverInfo).toEqual({ name: 'todo' });
    expect(servers).toHaveLength(2);
    await supervisor.stop();
    expect(await servers[1]?.exited).toMatchObject({ exitCode: 0 });
  });

  describe('with vscode-jsonrpc as the client', () => {
    interface Served {
      readonly child: ChildProcess;
      readonly connection: MessageConnection;
      /** The exit code of the server. */
      readonly exited: Promise<unknown>;
    }

    function connectedServer(): Served {
      const child = spawn(process.execPath, nodeArgs(TODO_SERVER), {
        cwd: ROOT,
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit').then(([code]) => code as unknown);
      const connection = createMessageConnection(
        new StreamMessageReader(child.stdout),
        new StreamMessageWriter(child.stdin),
      );
      cleanUp(() => {
        connection.dispose();
        child.kill('SIGKILL');
        return exited;
      });
      connection.listen();
      // What still waits for a reply then fails, instead of waiting for ever.
      void exited.then(() => {
        connection.dispose();
      });
      return { child, connection, exited };
    }

    test('it negotiates, reports, answers, and exits with code 0 after a shutdown', async () => {
      const { connection, exited } = connectedServer();
      const diagnosed = new Promise((resolve) => {
        connection.onNotification('textDocument/publishDiagnostics', resolve);
      });
      const hello = { processId: process.pid, rootUri: null, capabilities: {} };
      expect(await connection.sendRequest('initialize', hello)).toMatchObject({
        capabilities: { textDocumentSync: 1, hoverProvider: true },
      });
      await connection.sendNotification('initialized', {});
      await connection.sendNotification('textDocument/didOpen', document(TODO_TEXT));
      expect(await connection.sendRequest('textDocument/hover', place(1, 15))).toEqual({
        contents: { kind: 'plaintext', value: 'To be done: rename x' },
      });
      expect(await diagnosed).toMatchObject({ uri: URI, diagnostics: [TODO_DIAGNOSTIC] });
      expect(await connection.sendRequest('shutdown')).toBeNull();
      await connection.sendNotification('exit');
      expect(await exited).toBe(0);
    });

    test('it refuses a method that it does not know, and ignores such a notification', async () => {
      const { connection, exited } = connectedServer();
      await connection.sendNotification('$/setTrace', { value: 'off' });
      expect(await rejection(connection.sendRequest('textDocument/rename', {}))).toMatchObject({
        code: -32_601,
      });
      await connection.sendRequest('shutdown');
      await connection.sendNotification('exit');
      expect(await exited).toBe(0);
    });

    test('it exits with code 1 when the client leaves without a shutdown', async () => {
      const { child, connection, exited } = connectedServer();
      await connection.sendRequest('initialize', {});
      child.stdin?.end();
      expect(await exited).toBe(1);
    });
  });
});
