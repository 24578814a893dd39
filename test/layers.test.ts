/** The layers are a rule of the linter; this is the test of the rule. */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const eslint = new ESLint({ cwd: root });

/** What the linter says of the imports of a file to which one was added. */
const refusals = async (file: string, specifier: string): Promise<number> => {
  const filePath = join(root, file);
  const code = `import '${specifier}';\n${readFileSync(filePath, 'utf8')}`;
  const [result] = await eslint.lintText(code, { filePath });
  const rule = '@typescript-eslint/no-restricted-imports';
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === rule).length;
};

test.each([
  ['src/errors.ts', 'node:net'],
  ['src/outgoing.ts', 'xstate'],
  ['src/waiters.ts', './protocol.ts'],
  ['src/codecs/lines.ts', '../io/dial.ts'],
  ['src/codecs/lines.ts', 'node:buffer'],
  ['src/machines/actors.ts', 'node:net'],
  ['src/machines/protocol.ts', '../io/dial.ts'],
  ['src/machines/protocol.ts', '../protocol.ts'],
  ['src/io/dial.ts', 'xstate'],
  ['src/io/link.ts', '../machines/protocol.ts'],
  ['src/io/link.ts', '../protocol.ts'],
  ['src/protocol.ts', './io/dial.ts'],
  ['src/protocol.ts', 'xstate'],
  ['src/qmp/client.ts', 'xstate'],
  ['src/qmp/client.ts', 'node:net'],
  ['src/qmp/client.ts', '../io/dial.ts'],
  ['src/qmp/client.ts', '../machine.ts'],
  ['src/testing/script.ts', '../machines/protocol.ts'],
  ['src/inspect/feed.ts', 'xstate'],
  ['src/inspect/feed.ts', '../machines/protocol.ts'],
  ['src/protocol.ts', './inspect/feed.ts'],
  ['src/supervise.ts', './io/dial.ts'],
  ['src/supervisor.ts', './qmp/client.ts'],
  ['src/machines/server.ts', 'node:net'],
  ['src/machines/server.ts', '../peers.ts'],
  ['src/protocol-server.ts', 'xstate'],
  ['src/peers.ts', './io/serve.ts'],
  ['src/backlog.ts', './protocol.ts'],
  ['src/server.ts', './protocol.ts'],
  ['inspector/src/hub.ts', '../../src/inspect/feed.ts'],
  ['inspector/page/model.ts', 'node:fs'],
])('%s may not import %s', { timeout: 60_000 }, async (file, specifier) => {
  expect(await refusals(file, specifier)).toBe(1);
});

test.each([
  ['src/machine.ts', './io/dial.ts'],
  ['src/machine.ts', './machines/protocol.ts'],
  ['src/io/dial.ts', 'node:net'],
  ['src/server.ts', './io/serve.ts'],
  ['src/peers.ts', './protocol.ts'],
  ['src/qmp/client.ts', '../errors.ts'],
])('%s may import %s', { timeout: 60_000 }, async (file, specifier) => {
  expect(await refusals(file, specifier)).toBe(0);
});
