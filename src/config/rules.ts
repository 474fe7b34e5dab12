/** What the texts of a configuration may look like. */
import { parseAddressPattern } from '../address/address-pattern.ts';
import { parseDomain } from '../address/domain.ts';
import { matching, type TextRule } from './keys.ts';

/** A domain, kept in its ASCII form. */
export const domainName: TextRule = {
  allowed: 'a domain name such as "example.com"',
  parse(text) {
    const parsed = parseDomain(text);
    return parsed.kind === 'parsed' ? parsed.value : null;
  },
};

export const absolutePath: TextRule = {
  allowed: 'an absolute path',
  parse: (text) => (text.startsWith('/') && !text.includes('\0') ? text : null),
};

/** `host:port`; an IPv6 address stands in brackets. */
export const hostAndPort: TextRule = {
  allowed: '"host:port" such as "127.0.0.1:25" or "[::1]:25"',
  parse(text) {
    const match = /^(\[[0-9a-fA-F:.%a-z]+\]|[^:[\]\s/]+):(\d{1,5})$/.exec(text);
    return match !== null && Number(match[2]) <= 65_535 ? text : null;
  },
};

export const anyText: TextRule = { allowed: 'a string', parse: (text) => text };

export const nonEmpty: TextRule = matching('a string that is not empty', /./s);

export const httpUrl: TextRule = {
  allowed: 'an http or https URL',
  parse: (text) => (/^https?:$/.test(URL.parse(text)?.protocol ?? '') ? text : null),
};

/** RFC 6376 §3.1: one or more sub-domains. */
export const selectorName: TextRule = {
  allowed: 'a DKIM selector: letters, digits and "-", parts joined by "."',
  parse: (text) =>
    text.length <= 255 &&
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(text)
      ? text
      : null,
};

/** useradd(8) by default; the kernel knows only numbers. */
export const accountName: TextRule = matching(
  'a name of a Linux user',
  /^[A-Za-z_][A-Za-z0-9_.-]{0,30}[A-Za-z0-9_.$-]?$/,
);

/** A glob over a whole address: `*`, `?`, `[…]`, `{a,b}`; kept as written. */
export const addressGlob: TextRule = {
  allowed:
    'a pattern over a whole address, such as "*@example.com"; brackets and braces closed, ' +
    'labels beyond ASCII whole and without wildcards',
  parse: (text) => (parseAddressPattern(text).kind === 'parsed' ? text : null),
};

export const hookName: TextRule = matching(
  'a name of 1 to 128 characters out of a-z A-Z 0-9 _ . -, the first no "." and no "-"',
  /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/,
);

/** Names of mailboxes are names of folders. */
const MAILBOX_NAME_CHARACTERS_MAX = 64;

export const mailboxName: TextRule = {
  allowed:
    `a name of 1 to ${MAILBOX_NAME_CHARACTERS_MAX} characters out of a-z 0-9 . _ -, ` +
    'without ".." and without a dot at either end',
  parse: (text) =>
    text.length <= MAILBOX_NAME_CHARACTERS_MAX &&
    /^[a-z0-9._-]+$/.test(text) &&
    !text.includes('..') &&
    !text.startsWith('.') &&
    !text.endsWith('.')
      ? text
      : null,
};
