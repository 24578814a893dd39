/** Certificates for the tests of TLS, made at run time, so that none expires in the repository. */

import { webcrypto } from 'node:crypto';

// @peculiar/x509 needs three functions of the polyfill `reflect-metadata`, which is not installed.
const metadata = new WeakMap<object, Map<unknown, unknown>>();
const lookUp = (key: unknown, target: object) => metadata.get(target)?.get(key);
Object.assign(Reflect, {
  getMetadata: lookUp,
  getOwnMetadata: lookUp,
  defineMetadata: (key: unknown, value: unknown, target: object) => {
    const entries = metadata.get(target) ?? new Map<unknown, unknown>();
    metadata.set(target, entries.set(key, value));
  },
});
const x509 = await import('@peculiar/x509');

/** A certificate with its private key, in PEM, as TLS options take them. */
interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** The certificates that `makeCertificates()` makes. */
export interface Certificates {
  /** The certificate of the authority that signed all but `untrusted`. */
  readonly ca: string;
  /** Of a server named `localhost` and `127.0.0.1`. */
  readonly server: Identity;
  /** As `server`, made later: another serial number. */
  readonly renewed: Identity;
  readonly client: Identity;
  /** As `server`, but valid until yesterday only. */
  readonly expired: Identity;
  /** As `server`, but valid from tomorrow on only. */
  readonly notYetValid: Identity;
  /** As `server`, but signed by itself. */
  readonly selfSigned: Identity;
  /** As `server`, but named `elsewhere.example`. */
  readonly wrongName: Identity;
  /** As `server`, but signed by an authority other than `ca`. */
  readonly untrusted: Identity;
  /** The authority that signed `untrusted`, and a client of it. */
  readonly other: { readonly ca: string; readonly client: Identity };
  /** A list of `ca` that revokes `client`. */
  readonly crl: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
const LOCAL_NAMES = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
] as const;
const OTHER_NAMES = [{ type: 'dns', value: 'elsewhere.example' }] as const;

interface Authority {
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly cert: string;
}

interface CertificateRequest {
  readonly usage: string;
  readonly names: typeof LOCAL_NAMES | typeof OTHER_NAMES;
  /** The validity, in days from now. */
  readonly from?: number;
  readonly until?: number;
}

/** Makes an authority and certificates that it signs, each with a new EC P-256 key. */
export async function makeCertificates(): Promise<Certificates> {
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const [known, unknown] = await Promise.all([makeAuthority('Known'), makeAuthority('Unknown')]);
  const [server, renewed, client, otherClient] = await Promise.all([
    issue(known, { usage: serverAuth, names: LOCAL_NAMES }),
    issue(known, { usage: serverAuth, names: LOCAL_NAMES }),
    issue(known, { usage: clientAuth, names: LOCAL_NAMES }),
    issue(unknown, { usage: clientAuth, names: LOCAL_NAMES }),
  ]);
  const [expired, notYetValid, selfSigned, wrongName, untrusted] = await Promise.all([
    issue(known, { usage: serverAuth, names: LOCAL_NAMES, until: -1 }),
    issue(known, { usage: serverAuth, names: LOCAL_NAMES, from: 1 }),
    issue('itself', { usage: serverAuth, names: LOCAL_NAMES }),
    issue(known, { usage: serverAuth, names: OTHER_NAMES }),
    issue(unknown, { usage: serverAuth, names: LOCAL_NAMES }),
  ]);
  return {
    ...{ ca: known.cert, crl: await revoke(known, client), server, renewed, client },
    ...{ expired, notYetValid, selfSigned, wrongName, untrusted },
    other: { ca: unknown.cert, client: otherClient },
  };
}

/** Makes a certificate that is signed by itself, and is named by nothing but its common name. */
export async function makeNamed(commonName: string): Promise<Identity> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: new x509.Name([{ CN: [{ utf8String: commonName }] }]),
      keys,
      notBefore: day(-10),
      notAfter: day(10),
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

/** Makes the list of an authority that revokes one certificate. */
async function revoke({ name, keys }: Authority, { cert }: Identity): Promise<string> {
  const { serialNumber } = new x509.X509Certificate(cert);
  const list = await x509.X509CrlGenerator.create(
    {
      issuer: name,
      thisUpdate: day(-1),
      nextUpdate: day(10),
      signingAlgorithm: ALGORITHM,
      signingKey: keys.privateKey,
      entries: [{ serialNumber, revocationDate: day(-1) }],
    },
    webcrypto,
  );
  return x509.PemConverter.encode(list.rawData, 'X509 CRL');
}

async function makeAuthority(which: string): Promise<Authority> {
  const keys = await makeKeys();
  const name = `CN=${which} authority`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name,
      keys,
      notBefore: day(-30),
      notAfter: day(30),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
      ],
    },
    webcrypto,
  );
  return { name, keys, cert: certificate.toString('pem') };
}

async function issue(by: Authority | 'itself', request: CertificateRequest): Promise<Identity> {
  const { usage, names, from = -10, until = 10 } = request;
  const keys = await makeKeys();
  const subject = `CN=${names[0].value}`;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject,
      issuer: by === 'itself' ? subject : by.name,
      publicKey: keys.publicKey,
      signingKey: (by === 'itself' ? keys : by.keys).privateKey,
      notBefore: day(from),
      notAfter: day(until),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        // QEMU 10.0 demands the second use of a server's certificate.
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
          true,
        ),
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension([...names]),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function day(fromNow: number): Date {
  return new Date(Date.now() + fromNow * DAY_MS);
}
