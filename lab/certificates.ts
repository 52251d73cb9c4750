import { webcrypto } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata'; // must be loaded before @peculiar/x509
import * as x509 from '@peculiar/x509';

/** What a certificate is valid for: the names of a server, or the groups of a client. */
export interface CertificateNames {
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  /** Groups of a client certificate (subject O), as kube-apiserver reads them. */
  readonly organizations?: readonly string[];
}

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** The certificate, without its issuer. */
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

/** A lab's own certificate authority. Its key lives in memory only; it signs for servers and clients alike. */
export interface Authority {
  readonly caFile: string;
  readonly caPem: string;
  /**
   * Issues a certificate (EC P-256, valid a week) and writes `<commonName>.crt` and `.key`, readable by the owner only.
   * Characters unfit for a file name become `-`.
   */
  issue(commonName: string, names?: CertificateNames): Promise<Certificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const lifetimeMs = 7 * 24 * 60 * 60 * 1000;
/** Certificates start in the past, for clients whose clock is behind. */
const skewMs = 5 * 60 * 1000;

/** Makes an authority and writes its certificate to `<directory>/ca.crt`. */
export async function createAuthority(directory: string): Promise<Authority> {
  mkdirSync(directory, { recursive: true });
  const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: createSerial(),
    name: 'CN=hepflow lab',
    ...createValidity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const caPem = `${ca.toString('pem')}\n`;
  const caFile = join(directory, 'ca.crt');
  writePrivately(caFile, caPem);
  return { caFile, caPem, issue: (commonName, names = {}) => issue(directory, ca, keys.privateKey, commonName, names) };
}

async function issue(
  directory: string,
  ca: x509.X509Certificate,
  caKey: webcrypto.CryptoKey,
  commonName: string,
  names: CertificateNames,
): Promise<Certificate> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const addresses = [
    ...(names.dns ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(names.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject: new x509.Name([
      { CN: [commonName] },
      ...(names.organizations ?? []).map((organization) => ({ O: [organization] })),
    ]),
    issuer: ca.subject,
    ...createValidity(),
    signingAlgorithm: algorithm,
    signingKey: caKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ...(addresses.length > 0 ? [new x509.SubjectAlternativeNameExtension(addresses)] : []),
    ],
  });
  const certPem = `${certificate.toString('pem')}\n`;
  const keyPem = encodePem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const file = join(directory, commonName.replaceAll(/[^A-Za-z0-9._-]+/g, '-'));
  const written = { certFile: `${file}.crt`, keyFile: `${file}.key`, certPem, keyPem };
  writePrivately(written.certFile, certPem);
  writePrivately(written.keyFile, keyPem);
  return written;
}

function createValidity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - skewMs), notAfter: new Date(now + lifetimeMs) };
}

/** Positive and unique, as RFC 5280 wants it: 16 random bytes with the top bit clear. */
function createSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

const encodePem = (label: string, der: ArrayBuffer): string => `${x509.PemConverter.encode(der, label)}\n`;

function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600); // the mode above applies only to a new file
}
