/** Asks typescript-language-server about a line of TypeScript: `npx tsx examples/lsp/run.ts`. */
import { fileURLToPath } from 'node:url';
import { spawnPeer } from 'wirechart';
import { LspClient } from './client.ts';

const cli = fileURLToPath(import.meta.resolve('typescript-language-server/lib/cli.mjs'));
const stdio = { stdio: 'stdio', timeouts: { exit: 10_000 } } as const; // It exits by itself.
const server = spawnPeer(process.execPath, [cli, '--stdio'], stdio);
const client = new LspClient({ timeouts: { handshake: 60_000, drain: 20_000, close: 20_000 } });
const initializationOptions = { disableAutomaticTypingAcquisition: true }; // Nothing is downloaded.
client.hello = { ...client.hello, initializationOptions };
const [uri, text] = ['file:///answer.ts', "const answer: number = 'forty-two';\n"];
const problem = new Promise<string>((resolve) => {
  client.handle('textDocument/publishDiagnostics', ({ diagnostics: [first] }) => {
    if (first !== undefined) resolve(first.message);
  });
});
await client.connect(server.address);
const textDocument = { uri, languageId: 'typescript', version: 1, text };
await client.notify('textDocument/didOpen', { textDocument });
const place = { textDocument: { uri }, position: { line: 0, character: 6 } };
console.log((await client.request('textDocument/hover', place))?.contents.value.trim());
console.log(await problem);
await client.disconnect(); // Says shutdown and exit.
console.log('exit code', (await server.exited).exitCode);
