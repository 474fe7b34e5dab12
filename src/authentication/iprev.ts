/**
 * iprev: whether the client's address has a name that leads back to it (RFC 8601 §2.7.3, §3).
 *
 * It says who runs the client's network, and nothing about who wrote a message: trust never rests on it.
 */
import { assertNever } from '../system/assert.ts';
import type { ClientNamesOptions } from './client-names.ts';
import { findClientNames } from './client-names.ts';
import { excerpt } from './excerpt.ts';
import { parseClientAddress } from './ip-address.ts';
import type { IprevCheck } from './verdict.ts';

/**
 * @param clientAddress Without a zone; null where no client brought the message.
 * @param options.signal Ends the wait; the result is then `temperror`.
 * @returns `pass` with the first name that leads back; `fail` where none of at most ten does;
 *   `permerror` where the address has no name; `temperror` where DNS did not say; `none` without an
 *   address. Never rejects.
 */
export async function checkIprev(
  clientAddress: string | null,
  options: ClientNamesOptions,
): Promise<IprevCheck> {
  if (clientAddress === null) return { result: 'none', name: null, reason: 'no client brought the message' };
  const address = parseClientAddress(clientAddress);
  if (address === null)
    return { result: 'none', name: null, reason: `${excerpt(clientAddress)} is no IP address` };
  const shown = excerpt(clientAddress);
  const names = await findClientNames(address, options);
  switch (names.kind) {
    case 'failed':
      return { result: 'temperror', name: null, reason: `DNS did not say which name ${shown} has` };
    case 'nameless':
      return { result: 'permerror', name: null, reason: `${shown} has no name` };
    case 'names': {
      const [name] = names.validated;
      if (name !== undefined) return { result: 'pass', name, reason: null };
      const first = excerpt(names.first);
      if (names.isIncomplete)
        return { result: 'temperror', name: null, reason: `DNS did not say where names of ${shown} lead` };
      return { result: 'fail', name: null, reason: `${first}, a name of ${shown}, does not lead back to it` };
    }
    default:
      return assertNever(names);
  }
}
