/** Every argument of QEMU's commands whose name sounds like a secret is hidden, or was looked at. */

import { expect, it } from 'vitest';
import type { JsonValue } from '../../src/index.ts';
import { redactQmp } from '../../src/qmp/redact.ts';
import { expectIdleAfterEach } from '../support/cleanup.ts';
import { describeEachQemu, onSocket, startQemu } from '../support/real-peers.ts';

expectIdleAfterEach();

const SUSPICIOUS =
  /pass|secret|key|token|cookie|auth|cred|pin$|buf|data|crypt|psk|ur[il]$|^args?$|cmd|command|nonce|^iv$|seed|cert|content|env$|text|session/;

/**
 * Arguments that sound like a secret and are none: numbers, switches, nonces, the names of files, of objects and of
 * users. Others are hidden where they are secrets, by what is around them: see `test/qmp/redact.test.ts`.
 */
const REVIEWED = new Set(
  [
    'auth-client-required author-key-enabled buf-size cert-subject cookie64 data-file data-file-raw data-type',
    'dh-cert-file discard-data encrypt host-data host-key-check iv keyid keyslot mnonce pass-discard-other',
    'pass-discard-request pass-discard-snapshot passwordid prealloc-context rxsession session-file skipauth',
    'sndbuf tls-authz tls-certs tls-creds txsession',
    // Each is hidden in some commands: `command-line`, the secret data of objects, the credentials in a url.
    'command-line data uri url',
  ].flatMap((names) => names.split(' ')),
);

/** An entry of `query-qmp-schema`, as far as the walk needs it. */
interface Entry {
  readonly name: string;
  readonly 'meta-type': string;
  readonly 'arg-type'?: string;
  readonly 'element-type'?: string;
  readonly members?: readonly { readonly name?: string; readonly type: string }[];
  readonly variants?: readonly { readonly type: string }[];
}

/** Every way to an argument of a command, as the names of its members. */
function pathsOf(schema: ReadonlyMap<string, Entry>, type: string): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  const walk = (name: string, path: readonly string[], above: ReadonlySet<string>): void => {
    const entry = schema.get(name);
    if (entry === undefined || above.has(name)) return;
    const within = new Set(above).add(name);
    if (entry['element-type'] !== undefined) walk(entry['element-type'], path, within);
    // An enum has members, too.
    if (!['object', 'alternate'].includes(entry['meta-type'])) return;
    for (const { name: member, type: of } of entry.members ?? []) {
      const longer = member === undefined ? path : [...path, member];
      if (member !== undefined) paths.push(longer);
      walk(of, longer, within);
    }
    for (const variant of entry.variants ?? []) walk(variant.type, path, within);
  };
  walk(type, [], new Set());
  return paths;
}

/** A value at the end of a path. */
const at = (path: readonly string[], value: JsonValue): JsonValue =>
  path.reduceRight<JsonValue>((inner, name) => ({ [name]: inner }), value);

describeEachQemu((path) => {
  it('hides the arguments of all commands whose names sound like a secret, but those that are known', async () => {
    const { peer, address } = await onSocket((socket) =>
      startQemu(path, '-qmp', `unix:${socket},server=on,wait=off`),
    );
    const client = await peer.connect(address);
    const entries = (await client.execute('query-qmp-schema')) as readonly Entry[];
    await client.disconnect();
    const schema = new Map(entries.map((entry) => [entry.name, entry]));
    const shown = new Set<string>();
    let hidden = 0;
    for (const { name, 'arg-type': type } of entries) {
      for (const way of type === undefined ? [] : pathsOf(schema, type)) {
        const last = way.at(-1) ?? '';
        if (!SUSPICIOUS.test(last) || REVIEWED.has(last)) continue;
        const message = { execute: name, arguments: at(way, 'PLANTED') };
        if (JSON.stringify(redactQmp(message)).includes('PLANTED'))
          shown.add(`${name}: ${way.join('.')}`);
        else hidden += 1;
      }
    }
    expect([...shown]).toEqual([]);
    expect(hidden).toBeGreaterThan(20);
  });
});
