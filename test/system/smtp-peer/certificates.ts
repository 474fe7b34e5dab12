/** Certificates for servers under test, by openssl, in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Certificates implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'aimx-certificates-'));

  /** One that vouches for itself. */
  selfSigned(name: string): SecureContext {
    const [key, cert] = [this.#path('self.key'), this.#path('self.pem')];
    this.#openssl([
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key,
      '-out',
      cert,
    ]);
    return createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  }

  /** @param name A host or an address. @returns One that an authority of the test's own has signed, and the authority's as PEM. */
  signed(name: string): { readonly context: SecureContext; readonly authority: string } {
    const [caKey, ca] = [this.#path('ca.key'), this.#path('ca.pem')];
    const [key, request, cert] = [this.#path('leaf.key'), this.#path('leaf.csr'), this.#path('leaf.pem')];
    const names = this.#path('leaf.ext');
    writeFileSync(names, `subjectAltName=${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}\n`);
    const days = ['-days', '2'];
    this.#openssl(['req', '-x509', ...KEY, ...days, '-subj', '/CN=Test CA', '-keyout', caKey, '-out', ca]);
    this.#openssl(['req', '-new', ...KEY, '-subj', `/CN=${name}`, '-keyout', key, '-out', request]);
    const by = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial'];
    this.#openssl(['x509', '-req', '-in', request, ...by, ...days, '-extfile', names, '-out', cert]);
    const context = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
    return { context, authority: readFileSync(ca, 'utf8') };
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(command: readonly string[]): void {
    execFileSync('openssl', command, { stdio: 'ignore' });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
