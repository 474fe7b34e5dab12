/** Certificate and key from files, as a port. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { AimxError, isErrno } from './errors.ts';
import type { TlsContext } from './network.ts';

export interface CertificatePaths {
  /** PEM: the certificate, and behind it the chain. */
  readonly certPath: string;
  /** PEM, not encrypted. */
  readonly keyPath: string;
}

export type CertificateOutcome =
  | { readonly kind: 'loaded'; readonly context: TlsContext }
  | { readonly kind: 'absent'; readonly path: string };

export interface Certificates {
  /** Reads both files anew. @throws AimxError `config.invalid` where they are there and cannot be used. */
  load(paths: CertificatePaths): Promise<CertificateOutcome>;
}

export const systemCertificates: Certificates = {
  async load({ certPath, keyPath }) {
    const cert = await readPem(certPath);
    if (cert === null) return { kind: 'absent', path: certPath };
    const key = await readPem(keyPath);
    if (key === null) return { kind: 'absent', path: keyPath };
    try {
      // TLS 1.0 and 1.1 must not be offered any more (RFC 8996).
      return { kind: 'loaded', context: createSecureContext({ cert, key, minVersion: 'TLSv1.2' }) };
    } catch (cause) {
      throw new AimxError('config.invalid', `Cannot use certificate "${certPath}" with key "${keyPath}"`, {
        hint: 'Check that both are PEM, that the key is not encrypted and belongs to the certificate',
        cause,
      });
    }
  },
};

async function readPem(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isErrno(cause, 'ENOENT', 'ENOTDIR')) return null;
    throw new AimxError('config.invalid', `Cannot read "${path}"`, {
      hint: 'Give the user that runs aimx the right to read it',
      cause,
    });
  }
}
