/** Enhanced status codes in plain words (RFC 3463 §3 and the IANA registry that RFC 5248 made). */

const BY_SUBJECT_AND_DETAIL: ReadonlyMap<string, string> = new Map([
  ['1.1', 'mailbox does not exist'],
  ['1.2', 'the domain does not exist or takes no mail'],
  ['1.3', 'the address is malformed'],
  ['1.4', 'the address is ambiguous'],
  ['1.6', 'the mailbox has moved'],
  ['1.7', "the sender's address is malformed"],
  ['1.8', "the sender's domain does not exist"],
  ['1.10', 'the address takes no mail'],
  ['2.1', 'the mailbox is disabled'],
  ['2.2', 'the mailbox is full'],
  ['2.3', 'the message is too large for the mailbox'],
  ['2.4', 'the mailing list could not be expanded'],
  ['3.1', 'the mail system is full'],
  ['3.2', 'the mail system takes no mail at present'],
  ['3.4', 'the message is too large'],
  ['3.5', 'the mail system is misconfigured'],
  ['4.1', 'the host does not answer'],
  ['4.2', 'the connection broke'],
  ['4.3', 'the directory or DNS does not answer'],
  ['4.4', 'no route to the host'],
  ['4.5', 'the mail system is congested'],
  ['4.6', 'the message went in a loop'],
  ['4.7', 'it could not be delivered in time'],
  ['5.2', 'syntax error in the dialogue'],
  ['5.3', 'too many recipients'],
  ['6.1', 'the kind of content is not supported'],
  ['6.2', 'the content must be converted, which is not allowed'],
  ['7.0', 'refused by policy'],
  ['7.1', 'refused by policy'],
  ['7.2', 'the mailing list does not take mail from this sender'],
  ['7.8', 'the authentication is wrong'],
  ['7.20', 'no DKIM signature passes'],
  ['7.23', 'SPF fails'],
  ['7.24', 'the SPF record is in error'],
  ['7.25', 'the sending address has no name in DNS'],
  ['7.26', 'the sender is not authenticated'],
  ['7.27', 'the sender takes no mail'],
  ['7.28', 'too much mail from this sender'],
]);

const BY_SUBJECT: ReadonlyMap<string, string> = new Map([
  ['1', 'something is wrong with the address'],
  ['2', 'something is wrong with the mailbox'],
  ['3', 'something is wrong with the mail system'],
  ['4', 'something is wrong with the network or the routing'],
  ['5', 'something is wrong with the dialogue between the servers'],
  ['6', 'something is wrong with the content'],
  ['7', 'refused for a reason of security or policy'],
]);

/** What a status means; null for one that says nothing, such as `5.0.0`. */
export function statusMeaning(status: string): string | null {
  const [, subject = '', detail = ''] = status.split('.');
  return BY_SUBJECT_AND_DETAIL.get(`${subject}.${detail}`) ?? BY_SUBJECT.get(subject) ?? null;
}
