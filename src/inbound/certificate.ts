/** Whether STARTTLS is offered, and with which certificate (contract §1). */
import type { Config } from '../config/config.ts';
import type { Certificates } from '../system/certificate.ts';
import { AimxError } from '../system/errors.ts';
import type { Log } from '../system/log.ts';
import type { TlsContext } from '../system/network.ts';

/**
 * Reads certificate and key anew.
 *
 * @returns Null, with a warning, where the default files are absent: mail comes in without TLS.
 * @throws AimxError `config.invalid` where files that the operator has named are absent, or any are unusable.
 */
export async function loadTlsContext(
  certificates: Certificates,
  { certPath, keyPath, explicit }: Config['tls'],
  log: Log,
): Promise<TlsContext | null> {
  const outcome = await certificates.load({ certPath, keyPath });
  if (outcome.kind === 'loaded') return outcome.context;
  if (explicit)
    throw new AimxError('config.invalid', `There is no file "${outcome.path}"`, {
      hint: 'Correct [tls] cert and key, or --tls-cert and --tls-key',
      detail: { path: outcome.path },
    });
  log.warn('smtp.no-starttls', { missing: outcome.path });
  return null;
}
