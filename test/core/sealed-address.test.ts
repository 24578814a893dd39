/** What an address shows of itself once it is sealed. */

import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/io/address.ts';
import { SealedAddress, sealAddress, unsealAddress } from '../../src/core/sealed-address.ts';

const tls = { key: 'PLANTED-1', passphrase: 'PLANTED-2', pfx: Buffer.from('PLANTED-3'), ca: 'CA' };
const address = { host: 'vm1.example', port: 4444, tls: { ...tls, servername: 'vm1' } };

/** Everything that tools print or keep of a value. */
const printed = (value: unknown): string =>
  [
    JSON.stringify(value),
    inspect(value, { depth: Infinity, showHidden: true }),
    JSON.stringify({ ...(value as object) }),
    String(value),
  ].join('\n');

describe('a sealed address', () => {
  it('shows where it leads, and which TLS options it has', () => {
    const sealed = sealAddress(address);
    const shown = {
      host: 'vm1.example',
      port: 4444,
      tls: {
        key: '[redacted]',
        passphrase: '[redacted]',
        pfx: '[redacted]',
        ca: '[redacted]',
        servername: 'vm1',
      },
    };
    expect(JSON.parse(JSON.stringify(sealed))).toEqual(shown);
    expect(inspect(sealed, { depth: 9 })).toBe(`Address ${inspect(shown, { depth: 9 })}`);
  });

  it('shows no secret to anything that prints it', () => {
    expect(printed(sealAddress(address))).not.toMatch(/PLANTED|504c414e544544/i);
    const odd: object = {
      port: 1,
      passphrase: 'PLANTED-4',
      get x() {
        return 'PLANTED-5';
      },
    };
    expect(printed(sealAddress(odd))).not.toContain('PLANTED');
  });

  it('is the same address for the engine', () => {
    expect(parseAddress(sealAddress(address))).toEqual(parseAddress(address));
    expect(unsealAddress(sealAddress(address))).toBe(address);
  });

  it('shows the kind of its stream, and has no members to walk through', () => {
    const near = new PassThrough();
    const sealed = sealAddress({ stream: near });
    expect(JSON.parse(JSON.stringify(sealed))).toEqual({ stream: '[PassThrough]' });
    for (const name in sealed) expect.fail(name);
    near.destroy();
  });

  it('is sealed once', () => {
    const sealed = sealAddress(address);
    expect(sealAddress(sealed)).toBe(sealed);
    expect(sealed).toBeInstanceOf(SealedAddress);
  });

  it('shows nothing of a member that throws, and of members of a class', () => {
    class Endpoint {
      readonly port = 1;
      get tls(): object {
        throw new Error('PLANTED');
      }
    }
    expect(JSON.parse(JSON.stringify(sealAddress(new Endpoint())))).toEqual({ port: 1 });
  });
});

describe('an address without secrets', () => {
  it.each([['/run/vm.sock'], [{ path: '/run/vm.sock' }], [{ host: 'h', port: 1 }], [{ fd: 3 }]])(
    'is not sealed: %j',
    (plain) => {
      expect(sealAddress(plain)).toBe(plain);
    },
  );

  it('is not sealed when it is no address at all', () => {
    for (const value of [undefined, null, 5, true]) expect(sealAddress(value)).toBe(value);
  });
});
