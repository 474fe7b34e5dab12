/** Mail with a real DKIM signature, made by another implementation, and what DNS says of its domain. */
import { generateKeyPairSync } from 'node:crypto';
import { createTransport, type SendMailOptions } from 'nodemailer';

/** A domain that signs what it sends. */
export interface SigningDomain {
  readonly name: string;
  /** TXT records by name: SPF for 127.0.0.1, the key, and a DMARC policy of `reject`. */
  readonly txt: Readonly<Record<string, readonly string[]>>;
  /** A message with CRLF line ends, signed with RSA-2048 over nodemailer's list of fields. */
  compose(mail: SendMailOptions): Promise<string>;
}

const SELECTOR = 'k1';

export function signingDomain(name: string): SigningDomain {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    dkim: {
      domainName: name,
      keySelector: SELECTOR,
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  });
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  return {
    name,
    txt: {
      [name]: ['v=spf1 ip4:127.0.0.1 -all'],
      [`_dmarc.${name}`]: ['v=DMARC1; p=reject'],
      [`${SELECTOR}._domainkey.${name}`]: [`v=DKIM1; k=rsa; p=${key}`],
    },
    async compose(mail) {
      const { message } = await transport.sendMail(mail);
      return (message as Buffer).toString('latin1');
    },
  };
}
