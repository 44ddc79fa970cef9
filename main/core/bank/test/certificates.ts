import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate and its key as PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A certification authority made for one test run. */
export interface Authority {
  readonly cert: string;
  /** Issues a certificate for a server of that DNS name, or for a client. */
  issue(name: string, use: 'server' | 'client', validDays?: number): Promise<Pair>;
}

const DAY = 86_400_000;

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const dates = (days: number): { notBefore: Date; notAfter: Date } => {
    return { notBefore: new Date(now - 2 * DAY), notAfter: new Date(now + days * DAY) };
  };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    ...dates(10),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const issue: Authority['issue'] = async (subject, use, validDays = 10) => {
    const pair = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const usage = use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: root.subject,
      publicKey: pair.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...dates(validDays),
      extensions: [
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: subject }]),
      ],
    });
    return { cert: certificate.toString('pem'), key: await pemOf(pair.privateKey) };
  };
  return { cert: root.toString('pem'), issue };
}
