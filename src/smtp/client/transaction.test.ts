import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Capabilities, NO_CAPABILITIES } from './capabilities.ts';
import { play, replyOf } from './dialogue.sim.ts';
import type { Answer, Step } from './dialogue.ts';
import type { OutgoingEnvelope } from './outcome.ts';
import { type Transacted, transact } from './transaction.ts';

const ENVELOPE: OutgoingEnvelope = {
  reversePath: 'agent@example.com',
  recipients: ['a@example.net', 'b@example.net'],
  smtputf8: false,
  sizeBytes: 100,
};
const MAIL = 'MAIL FROM:<agent@example.com>';
const RCPTS = ['RCPT TO:<a@example.net>', 'RCPT TO:<b@example.net>'];
const MESSAGE = ['DATA', '<send-content>', '<send-dot>'];
const GOOD = ['250 2.1.0 ok', '250 2.1.5 ok', '250 2.1.5 ok', '354 go on', '250 2.0.0 kept'];

interface Options {
  readonly envelope?: Partial<OutgoingEnvelope>;
  readonly capabilities?: Partial<Capabilities>;
  readonly isFirst?: boolean;
  readonly otherwise?: (step: Step, nth: number) => Answer | undefined;
}

function played(replies: readonly string[], { envelope, capabilities, isFirst, otherwise }: Options = {}) {
  const dialogue = transact({
    envelope: { ...ENVELOPE, ...envelope },
    capabilities: { ...NO_CAPABILITIES, ...capabilities },
    isFirst: isFirst ?? true,
  });
  return play(dialogue, replies, otherwise);
}

/** `kind stage: code of each recipient`, where `+` stands for accepted and `!` for refused for good. */
function words({ outcome, isReusable }: Transacted): string {
  const rest = isReusable ? '' : ', over';
  if (outcome.kind === 'unavailable')
    return `unavailable ${outcome.stage} ${outcome.reply?.code ?? '-'}${rest}`;
  if (outcome.kind === 'impossible') return `impossible ${outcome.status}${rest}`;
  const each = outcome.recipients.map((recipient) => {
    if (recipient === null) return '?';
    const mark = recipient.kind === 'accepted' ? '+' : recipient.permanent ? '!' : '';
    return `${recipient.reply.code}${mark}`;
  });
  return `${outcome.kind}${outcome.kind === 'answered' ? ` ${outcome.stage}` : ''}: ${each.join(' ')}${rest}`;
}

test('transact() says what the server can take, and no more', () => {
  const check = (options: Options, said: readonly string[], replies = GOOD): void =>
    assert.deepEqual(played(replies, options).said, said);
  check({}, [MAIL, ...RCPTS, ...MESSAGE]);
  check({ capabilities: { pipelining: true } }, [MAIL, ...RCPTS, ...MESSAGE]);
  check({ capabilities: { sizeMax: 0 } }, [`${MAIL} SIZE=100`, ...RCPTS, ...MESSAGE]);
  check({ isFirst: false }, ['RSET', MAIL, ...RCPTS, ...MESSAGE], ['250 ok', ...GOOD]);
  check({ envelope: { reversePath: '' } }, ['MAIL FROM:<>', ...RCPTS, ...MESSAGE]);
  check({ envelope: { smtputf8: true }, capabilities: { smtputf8: true, eightBitMime: true } }, [
    `${MAIL} BODY=8BITMIME SMTPUTF8`,
    ...RCPTS,
    ...MESSAGE,
  ]);
});

test('transact() makes of the replies what each recipient is told, pipelined or not', () => {
  const check = (replies: readonly string[], expected: string): void => {
    for (const pipelining of [false, true]) {
      const { result } = played(replies, { capabilities: { pipelining } });
      assert.equal(words(result), expected, `${replies.join(', ')} pipelining ${pipelining}`);
    }
  };
  const [mail, rcpt, , data] = ['250 ok', '250 ok', '250 ok', '354 go on'];
  check(GOOD, 'answered dot: 250+ 250+');
  check([mail, '550 5.1.1 no', rcpt, data, '250 ok'], 'answered dot: 550! 250+');
  check([mail, '451 4.7.1 later', '550 no'], 'answered rcpt: 451 550!');
  check([mail, rcpt, '550 no', '554 no'], 'answered data: 554! 550!');
  check([mail, rcpt, '550 no', data, '452 4.3.1 full'], 'answered dot: 452 550!');
  // RFC 5321 §4.5.3.1.10.
  check([mail, rcpt, '552 too many recipients', data, '250 ok'], 'answered dot: 250+ 552');
  check([mail, rcpt, '552 5.2.2 mailbox full', data, '250 ok'], 'answered dot: 250+ 552!');
  check([mail, '552 too large', '552 too large'], 'answered rcpt: 552! 552!');
  // RFC 5321 §3.8: 421 may answer anything.
  check(['421 bye'], 'unavailable mail 421, over');
  check([mail, '550 no', '421 bye'], 'unavailable rcpt 421, over');
  check([mail, rcpt, rcpt, '421 bye'], 'unavailable data 421, over');
  check([mail, rcpt, rcpt, data, '421 bye'], 'answered dot: 421 421, over');
  // Neither yes nor no.
  check(['354 what?', '250 ok', '250 ok'], 'unavailable mail 354, over');
  check([mail, '354 what?', '250 ok'], 'unavailable rcpt 354, over');
  check([mail, rcpt, rcpt, '250 what?'], 'unavailable data 250, over');
  check([mail, rcpt, '550 no', data, '354 what?'], 'in-doubt: ? 550!, over');
});

test('transact(): what was sent along with a MAIL that is refused is heard out, if it is answered', () => {
  const check = (replies: readonly string[], expected: string): void =>
    assert.equal(words(played(replies, { capabilities: { pipelining: true } }).result), expected);
  check(['550 no', '503 no', '503 no'], 'answered mail: 550! 550!');
  check(['550 no'], 'answered mail: 550! 550!, over');
  check(['450 no', '421 bye'], 'answered mail: 450 450, over');
});

test('transact(): a connection lost before the dot was given is no doubt, one lost behind it is', () => {
  const steps = ['mail', 'rcpt', 'rcpt', 'data', 'send-content', 'send-dot', 'reply'] as const;
  for (const pipelining of [false, true]) {
    const kinds: string[] = [];
    for (let cut = 0; ; cut += 1) {
      let kind: string | null = null;
      const { result } = played(GOOD, {
        capabilities: { pipelining },
        otherwise: (step, nth) => {
          if (nth !== cut) return undefined;
          kind = step.kind;
          return { kind: 'lost', reason: 'reset' };
        },
      });
      if (kind === null) break;
      assert.equal(result.isReusable, false);
      kinds.push(`${kind}: ${result.outcome.kind}`);
    }
    assert.deepEqual(kinds.slice(-3), [
      'send-content: unavailable',
      'send-dot: unavailable',
      'hear: in-doubt',
    ]);
    assert.ok(kinds.slice(0, -1).every((kind) => kind.endsWith(': unavailable')));
    assert.ok(kinds.length >= steps.length, kinds.join(', '));
  }
});

test('transact(): a reply that nothing asked for is never taken for the next one', () => {
  const check = (at: Step['kind'], reply: string, expected: string): void => {
    const { result } = played(GOOD, {
      otherwise: (step) => (step.kind === at ? { kind: 'spoke', reply: replyOf(reply) } : undefined),
    });
    assert.equal(words(result), expected, `${at}: ${reply}`);
  };
  check('send', '250 ok', 'unavailable mail 250, over');
  check('send', '421 bye', 'unavailable mail 421, over');
  for (const step of ['send-content', 'send-dot'] as const) {
    check(step, '250 kept', 'unavailable data 250, over');
    check(step, '421 bye', 'unavailable data 421, over');
    check(step, '552 5.3.4 too large', 'answered data: 552! 552!, over');
    check(step, '452 4.3.1 full', 'answered data: 452 452, over');
  }
});

test('transact(): what a server cannot take is known before anything is said', () => {
  const check = (options: Options, expected: string): void => {
    const { result, said } = played([], options);
    assert.deepEqual([words(result), said], [expected, []]);
  };
  check({ capabilities: { sizeMax: 99 } }, 'impossible 5.3.4');
  check({ envelope: { smtputf8: true } }, 'impossible 5.6.7');
  check({ envelope: { recipients: ['dörte@example.net'] } }, 'impossible 5.6.7');
  check({ envelope: { recipients: ['a@example.net>\r\nDATA\r\n'] } }, 'impossible 5.1.3');
  check({ envelope: { reversePath: 'a\nb@example.com' } }, 'impossible 5.1.3');
});

test('transact(): a server that takes no second message is left for another connection', () => {
  const { result } = played(['502 no'], { isFirst: false });
  assert.equal(words(result), 'unavailable mail 502, over');
});
