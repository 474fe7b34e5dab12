/**
 * Questions as they go over the wire.
 *
 * RFC 1035 §4.1 with EDNS(0), RFC 6891. Only questions of class IN, with recursion desired.
 */
import { encode, RECURSION_DESIRED } from 'dns-packet';
import type { DnsRecordType } from '../dns.ts';

/** RFC 1035 §2.3.4: 255 octets on the wire are 253 characters without the trailing dot. */
const NAME_CHARACTERS_MAX = 253;
const LABEL_OCTETS_MAX = 63;

/**
 * The largest answer that we take over UDP: what passes every path of the Internet unfragmented
 * (RFC 9715 recommends at most 1400; 1232 is IPv6's smallest MTU without the headers).
 */
export const UDP_ANSWER_OCTETS_MAX = 1232;

/** A name in the form that is asked for and compared: lower case, without a trailing dot. */
export type QuestionName = string & { readonly __brand: 'QuestionName' };

/** This machine, for every server (RFC 6761 §6.3). */
export const LOCALHOST: QuestionName = 'localhost' as QuestionName;

/**
 * @param name With or without a trailing dot. Its characters are meant as they stand: no escapes.
 * @returns Null where DNS cannot hold it, or where it has characters other than printable ASCII, which no
 *   name that mail asks for has. The root is no name that anybody asks for.
 */
export function parseQuestionName(name: string): QuestionName | null {
  // A longer one is not even looked at: it may come from a macro's expansion (RFC 7208 §7).
  if (name.length > NAME_CHARACTERS_MAX + 1) return null;
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare.length > NAME_CHARACTERS_MAX || !/^[\x20-\x7e]+$/.test(bare)) return null;
  const isHeld = bare.split('.').every((label) => label !== '' && label.length <= LABEL_OCTETS_MAX);
  return isHeld ? (bare.toLowerCase() as QuestionName) : null;
}

export interface Question {
  readonly name: QuestionName;
  readonly type: DnsRecordType;
}

/** How a question is called in maps, in logs and in the detail of a failure. */
export function questionKey({ name, type }: Question): string {
  return `${type} ${name}`;
}

/** @param id 16 bits that nobody can guess (RFC 5452 §9). */
export function encodeQuestion(
  { name, type }: Question,
  { id, useEdns }: { readonly id: number; readonly useEdns: boolean },
): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    additionals: useEdns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: UDP_ANSWER_OCTETS_MAX,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options: [],
          },
        ]
      : [],
  });
}
