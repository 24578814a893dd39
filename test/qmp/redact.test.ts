/** Which members of QMP's messages are hidden from people. */

import { describe, expect, it } from 'vitest';
import { redactQmp } from '../../src/qmp/redact.ts';
import { PlainCommand } from '../../src/qmp/messages.ts';

const shown = (message: unknown): string => JSON.stringify(redactQmp(message));

describe('a command with a secret', () => {
  it.each<[string, object]>([
    ['object-add', { 'qom-type': 'secret', id: 's0', data: 'PLANTED' }],
    ['object-add', { 'qom-type': 'secret', id: 's0', props: { data: 'PLANTED' } }],
    ['object-add', { 'qom-type': 'secret', id: 's0', data: 'PLANTED', iv: 'PLANTED', keyid: 'k' }],
    ['object-add', { 'qom-type': 'tls-creds-x509', id: 't0', 'x-new': 'PLANTED' }],
    ['set_password', { protocol: 'vnc', password: 'PLANTED' }],
    ['change-vnc-password', { password: 'PLANTED' }],
    ['qom-set', { path: '/objects/s0', property: 'password', value: 'PLANTED' }],
    ['blockdev-add', { driver: 'https', url: 'https://me:PLANTED@host/disk', cookie: 'PLANTED' }],
    ['blockdev-add', { driver: 'raw', file: { driver: 'luks', 'key-secret': 'PLANTED' } }],
    ['blockdev-add', { driver: 'raw', file: 'json:{"driver":"ssh","password":"PLANTED"}' }],
    ['blockdev-add', { driver: 'rbd', filename: 'rbd:pool/image:id=a:key=PLANTED' }],
    ['human-monitor-command', { 'command-line': 'set_password vnc PLANTED' }],
    ['human-monitor-command', { 'command-line': ' change vnc password PLANTED' }],
    ['human-monitor-command', { 'command-line': 'object_add secret,id=s0,data=PLANTED' }],
    ['human-monitor-command', { 'command-line': 'drive_add 0 file=ssh://me:PLANTED@host/d' }],
    ['guest-set-user-password', { username: 'root', password: 'PLANTED', crypted: false }],
    ['guest-file-write', { handle: 5, 'buf-b64': 'PLANTED' }],
    ['guest-exec', { path: '/bin/login', 'input-data': 'PLANTED', env: ['PW=PLANTED'] }],
    ['guest-exec', { path: '/bin/login', arg: ['--password', 'PLANTED'] }],
    ['send-key', { keys: [{ type: 'qcode', data: 'PLANTED' }] }],
    ['input-send-event', { events: [{ type: 'key', data: { key: { data: 'PLANTED' } } }] }],
    ['migrate', { uri: 'exec:/bin/sh -c "nc -k PLANTED host 4444"' }],
    ['migrate-incoming', { uri: ' exec:cat PLANTED' }],
    ['migrate', { channels: [{ addr: { transport: 'exec', args: ['/bin/nc', 'PLANTED'] } }] }],
    ['migrate', { uri: 'ssh://me:PLANTED@host/state' }],
    ['migrate-set-parameters', { 'cpr-exec-command': ['qemu', '-k', 'PLANTED'] }],
    ['human-monitor-command', { 'command-line': 'migrate -d "exec:nc -k PLANTED host 4444"' }],
    ['human-monitor-command', { 'command-line': 'sendkey P-L-A-N-T-E-D-PLANTED' }],
    ['netdev_add', { type: 'l2tpv3', id: 'n0', txcookie: 'PLANTED', rxcookie: 'PLANTED' }],
    ['x-blockdev-amend', { options: { encrypt: { 'new-secret': 'PLANTED' } } }],
    ['blockdev-create', { options: { location: { 'password-secret': 'PLANTED' } } }],
    ['guest-ssh-add-authorized-keys', { username: 'root', keys: ['PLANTED'] }],
    ['sev-inject-launch-secret', { 'packet-header': 'PLANTED', secret: 'PLANTED' }],
  ])('shows %s without it', (command, args) => {
    const message = { execute: command, arguments: args, id: 7 };
    expect(shown(message)).not.toContain('PLANTED');
    expect(shown(message)).toContain('[redacted]');
    expect(redactQmp(message)).toMatchObject({ execute: command, id: 7 });
    expect(shown({ 'exec-oob': command, arguments: args })).not.toContain('PLANTED');
    expect(JSON.stringify(message)).toContain('PLANTED');
  });

  it('keeps what is no secret', () => {
    const args = { 'qom-type': 'secret', id: 's0', format: 'base64', data: 'PLANTED' };
    expect(redactQmp({ execute: 'object-add', arguments: args })).toEqual({
      execute: 'object-add',
      arguments: { 'qom-type': 'secret', id: 's0', format: 'base64', data: '[redacted]' },
    });
  });
});

describe('any other message', () => {
  it.each([
    { execute: 'query-status', id: 1 },
    { execute: 'device_add', arguments: { driver: 'virtio-blk', id: 'd0', bus: 'pci.0' } },
    { execute: 'object-add', arguments: { 'qom-type': 'iothread', id: 'io0' } },
    { execute: 'human-monitor-command', arguments: { 'command-line': 'info status' } },
    { execute: 'migrate', arguments: { uri: 'tcp:host:4444', resume: true } },
    { execute: 'human-monitor-command', arguments: { 'command-line': 'migrate -d tcp:host:4444' } },
    { return: { status: 'running', running: true }, id: 1 },
    { event: 'STOP', timestamp: { seconds: 1, microseconds: 2 } },
    { error: { class: 'GenericError', desc: "Device 'd0' not found" }, id: 1 },
  ])('is shown as it is: %j', (message) => {
    expect(redactQmp(message)).toEqual(message);
  });

  it('is shown as it is when it has no arguments', () => {
    expect(shown(new PlainCommand('query-status', undefined, 1))).toBe(
      '{"execute":"query-status","id":1}',
    );
  });

  it('hides the contents of files of the guest in replies', () => {
    expect(shown({ return: { count: 7, 'buf-b64': 'PLANTED', eof: true } })).not.toContain(
      'PLANTED',
    );
    expect(shown({ return: { exited: true, 'out-data': 'PLANTED' } })).not.toContain('PLANTED');
  });

  it('may be no object', () => {
    expect(redactQmp('text')).toBe('text');
    expect(redactQmp(null)).toBeNull();
  });
});
