/**
 * How servers word the notices that they write for people: one small rule each, with who writes so.
 *
 * Which recipients and reasons stand in a notice is read in the same way for all (`notice.ts`).
 */
import type { DeliveryAction } from './report.ts';

export interface NoticeRule {
  /** Servers known to write so. */
  readonly server: string;
  readonly says: RegExp;
  readonly action: DeliveryAction;
}

/** The first rule that a text matches decides what became of the message: delays come before failures. */
const WORDED: readonly NoticeRule[] = [
  {
    server: 'Exim',
    says: /has not (?:yet )?been delivered to (?:one or more|all) of its|has been on the queue for more than/i,
    action: 'delayed',
  },
  { server: 'OpenSMTPD', says: /a message is delayed for more than/i, action: 'delayed' },
  {
    server: 'Sendmail, Exchange',
    says: /this is a warning message only|transient non-fatal errors|delivery to the following recipients has been delayed|this is an automatically generated delivery status notification\.\s+this is a warning/i,
    action: 'delayed',
  },
  {
    server: 'Postfix',
    says: /your message could not be delivered for more than|your message could not be delivered for \S+ hours/i,
    action: 'delayed',
  },
  {
    server: 'Gmail',
    says: /delivery to the following recipient has been delayed|there was a temporary problem (?:while )?delivering your message|\*\* delivery incomplete \*\*/i,
    action: 'delayed',
  },
  {
    server: 'Postfix, Sendmail',
    says: /message was successfully delivered|your mail message was successfully delivered|successfully delivered to the following recipients?/i,
    action: 'delivered',
  },
  {
    server: 'Exchange, Domino',
    says: /your message was successfully relayed|has been successfully relayed to the following/i,
    action: 'relayed',
  },
  {
    server: 'Exim, GMX, 1&1, Mail.ru, Zoho, MXLogic',
    says: /message (?:that )?you (?:have )?sent could not be delivered/i,
    action: 'failed',
  },
  { server: 'Mail.ru', says: /ваше письмо не может быть доставлено/i, action: 'failed' },
  {
    server: 'qmail, Yahoo',
    says: /(?:wasn't|weren't|was not|were) (?:able|unable) to deliver (?:your|the) message to the following/i,
    action: 'failed',
  },
  {
    server: 'qmail and its kin, Postini',
    says: /to the following address(?:\(es\)|es)? could not be delivered/i,
    action: 'failed',
  },
  {
    server: 'Postfix',
    says: /could not be delivered to one or more (?:of its )?(?:destinations|recipients)/i,
    action: 'failed',
  },
  {
    server: 'Postfix',
    says: /this is the (?:\S+ )?(?:postfix|mail|mail delivery) (?:program|system) at host/i,
    action: 'failed',
  },
  {
    server: 'Sendmail, Active!hunter',
    says: /the following addresses had (?:permanent fatal errors|delivery (?:errors|problems)|permanent delivery errors|fatal errors)/i,
    action: 'failed',
  },
  { server: 'Sendmail 5', says: /transcript of session follows/i, action: 'failed' },
  {
    server: 'Exchange, Outlook',
    says: /delivery (?:has failed )?to (?:these|the following) (?:recipients?|groups?|distribution lists?)(?: or groups| or distribution lists)?(?::| (?:has )?failed| was aborted)/i,
    action: 'failed',
  },
  { server: 'X3', says: /del[ei]very to the following recipients (?:failed|was aborted)/i, action: 'failed' },
  {
    server: 'Exchange 5.5 to 2003',
    says: /did not reach the following recipient|recipient\(s\) could not be reached/i,
    action: 'failed',
  },
  {
    server: 'Exchange 2007 and later',
    says: /(?:couldn't|could not|wasn't|can't) be delivered to (?:the|these|this) (?:following )?(?:recipients?|groups?|address)/i,
    action: 'failed',
  },
  { server: 'Office 365', says: /your message to \S{3,200} couldn't be delivered/i, action: 'failed' },
  { server: 'Domino', says: /was not delivered to:/i, action: 'failed' },
  { server: 'Lotus Notes SMTP', says: /- failure reasons/i, action: 'failed' },
  {
    server: 'Gmail',
    says: /delivery to the following recipients? failed permanently|your message wasn't delivered to|\*\* (?:address not found|message (?:not delivered|blocked|rejected)|recipient inbox full) \*\*/i,
    action: 'failed',
  },
  { server: 'DragonFly', says: /there was an error delivering your mail to/i, action: 'failed' },
  {
    server: 'OpenSMTPD',
    says: /an error has occurred while attempting to deliver a message/i,
    action: 'failed',
  },
  {
    server: 'IMail',
    says: /^(?:unknown user|unknown host|user mailbox exceeds allowed size|invalid final delivery userid|delivery failed \d+ attempts|undeliverable to)\s?:/im,
    action: 'failed',
  },
  { server: 'KDDI', says: /could not be delivered to: ?</i, action: 'failed' },
  { server: 'MailFoundry, InterScan', says: /unable to deliver message to:?\s/i, action: 'failed' },
  { server: 'MailMarshal', says: /the following recipients were affected/i, action: 'failed' },
  { server: 'm-FILTER', says: /^-{5,}server message/im, action: 'failed' },
  {
    server: 'Mimecast',
    says: /(?:attempted to send to|addressed to) (?:the following address|email address)/i,
    action: 'failed',
  },
  {
    server: 'Apache James, Verizon',
    says: /i'm afraid i wasn't able to deliver|error message below:?\s|message could not be delivered to mobile/i,
    action: 'failed',
  },
  {
    server: 'Amazon WorkMail, Courier',
    says: /error occurred while (?:trying to )?deliver(?:ing)? the (?:mail|message)|unable to deliver (?:your|the|a) (?:message|mail)/i,
    action: 'failed',
  },
  {
    server: 'X6, FirstClass',
    says: /we had trouble delivering your message|there was an error sending your mail/i,
    action: 'failed',
  },
  {
    server: 'SurfControl, MessagingServer',
    says: /your message could not be (?:sent|delivered)|your message cannot be delivered/i,
    action: 'failed',
  },
  {
    server: 'EZweb',
    says: /the following recipients did not receive this message|the following recipients was rejected|could not be delivered to the following|the user\(s\) account is (?:disabled|temporarily limited)/i,
    action: 'failed',
  },
  {
    server: 'Barracuda',
    says: /message was (?:rejected|not delivered|quarantined) (?:for|because|to)/i,
    action: 'failed',
  },
  {
    server: 'Exim',
    says: /contained one or more recipient addresses that were incorrectly constructed/i,
    action: 'failed',
  },
  { server: 'Smail', says: /failed addresses follow/i, action: 'failed' },
  { server: 'InterScan', says: /^sent <<< rcpt to:/im, action: 'failed' },
  { server: 'X2', says: /your delivery to the following address has been failed/i, action: 'failed' },
  {
    server: 'Bigfoot and others',
    says: /the following message could not be delivered|undeliverable (?:mail|message)|returned mail:/i,
    action: 'failed',
  },
];

/** Notices are wrapped as it comes: a space in a rule is any white space, of some characters at most. */
export const NOTICE_RULES: readonly NoticeRule[] = WORDED.map((rule) => ({
  ...rule,
  says: new RegExp(rule.says.source.replaceAll(' ', String.raw`\s{1,20}`), rule.says.flags),
}));

/** The original, or its header fields, begins here: nothing behind it is the server's. */
export const ORIGINAL_FOLLOWS: RegExp =
  /^[ \t]{0,40}(?:[-=*_ ]{2,60}(?:below this line|this is a copy|original m|the header of the original|unsent message|returned message|message header|included is a copy|undelivered message|original mail|end of message|non-delivered information: )|message headers? follow|included is a copy of|-{0,40} ?original (?:message|mail)(?: follows| header)|below is a copy of|(?:return-path|received|dkim-signature|arc-seal): ?\S)/im;

/** Local parts and names that only a mail server's notices have. */
export const MAILER_DAEMON: RegExp =
  /^(?:"?mailer[-_.]?daemon|mdaemon|"?mail[-_. ]?deliver[a-z]*[-_. ]?(?:system|subsystem)|post[-_]?master|microsoftexchange[0-9a-f]+)\b/i;

/** Local parts and names that programs write from, servers among them. */
export const PROGRAM_SENDER: RegExp =
  /^(?:"?mailer[-_.]?daemon|mdaemon|"?(?:mail|message)[-_. ]?deliver[a-z]*[-_. ]?(?:system|subsystem)|post[-_]?master|no-?reply|do-?not-?reply|bounces?|mmdf|smtp|sysadmin|symantec|mailadmin|microsoftexchange[0-9a-f]+)\b/i;

/** Subjects that programs give to notices. A reply or a forward by a person begins with other words. */
export const NOTICE_SUBJECT: RegExp =
  /^\W*(?:undeliver(?:ed|able)|returned (?:mail|to sender)|(?:mail |message )?delivery (?:status|fail|notification|problem|report|has failed|error|delay|incomplete)|fail(?:ure|ed) (?:notice|to deliver|delivery)|mail (?:delivery|could not be|system error|failure)|message (?:delivery|not delivered|could not)|non[- ]?delivery|could not (?:send|deliver)|warning: (?:message|could not)|delayed mail|notice: mail|there was an error sending|unable to deliver|\[postmaster\] |delivery failure)/i;
