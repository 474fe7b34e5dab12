import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newText } from './quoted-rest.ts';

interface Form {
  readonly what: string;
  readonly body: string;
  readonly expected: string;
  readonly quoted?: 'none' | 'left-out' | 'all';
  readonly subject?: string;
}

const OLD = '> Shall we meet?\n>\n> Ann';

/** `Yes.` above what a program puts before a quote. */
function above(what: string, before: string, quote = OLD): Form {
  return { what, body: `Yes.\n\n${before}\n${quote}`, expected: 'Yes.' };
}

const ATTRIBUTIONS: readonly Form[] = [
  above('English, Gmail', 'On Mon, Jan 5, 2026 at 10:00 AM Ann Example <ann@example.org> wrote:\n'),
  above('English, Apple Mail', 'On 5 Jan 2026, at 10:00, Ann Example <ann@example.org> wrote:\n'),
  above('English, Thunderbird', 'On 1/5/26 10:00, Ann Example wrote:'),
  above(
    'English, wrapped',
    'On Mon, Jan 5, 2026 at 10:00 AM Ann Example With A Long Name <\nann@example.org> wrote:\n',
  ),
  above(
    'English, over three lines',
    'On Monday, January 5, 2026 at 10:00:00 AM GMT+1,\nAnn Example With A Long Name\n<ann@example.org> wrote:\n',
  ),
  above('English, name alone', 'Ann Example wrote:'),
  above('English, Mutt', '* Ann Example <ann@example.org> [2026-01-05 10:00] wrote:'),
  above('German', 'Am 05.01.26 um 10:00 schrieb Ann Example:'),
  above('German, Gmail', 'Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Ann Example <ann@example.org>:\n'),
  above('French', 'Le lun. 5 janv. 2026 à 10:00, Ann Example <ann@example.org> a écrit :\n'),
  above('Spanish', 'El lun, 5 ene 2026 a las 10:00, Ann Example (<ann@example.org>) escribió:\n'),
  above('Italian', 'Il giorno lun 5 gen 2026 alle ore 10:00 Ann Example <ann@example.org> ha scritto:\n'),
  above('Portuguese', 'Em seg., 5 de jan. de 2026 às 10:00, Ann Example <ann@example.org> escreveu:\n'),
  above('Dutch', 'Op ma 5 jan 2026 om 10:00 schreef Ann Example <ann@example.org>:\n'),
  above('Swedish', 'Den mån 5 jan. 2026 kl 10:00 skrev Ann Example <ann@example.org>:\n'),
  above('Danish', 'Den man. 5. jan. 2026 kl. 10.00 skrev Ann Example <ann@example.org>:\n'),
  above('Norwegian', 'man. 5. jan. 2026 kl. 10:00 skrev Ann Example <ann@example.org>:\n'),
  above('Finnish', 'ma 5. tammik. 2026 klo 10.00 Ann Example (ann@example.org) kirjoitti:\n'),
  above('Polish', 'pon., 5 sty 2026 o 10:00 Ann Example <ann@example.org> napisał(a):\n'),
  above('Czech', 'po 5. 1. 2026 v 10:00 odesílatel Ann Example <ann@example.org> napsal:\n'),
  above('Russian', 'пн, 5 янв. 2026 г. в 10:00, Ann Example <ann@example.org> написал:\n'),
  above('Ukrainian', 'пн, 5 січ. 2026 р. о 10:00 Ann Example <ann@example.org> пише:\n'),
  above('Japanese', '2026年1月5日(月) 10:00 Ann Example <ann@example.org>:\n'),
  above('Chinese', 'Ann Example <ann@example.org> 于2026年1月5日周一 10:00写道：\n'),
  above('Korean', '2026년 1월 5일 (월) 오전 10:00, Ann Example <ann@example.org>님이 작성:\n'),
  above('Turkish', 'Ann Example <ann@example.org>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:\n'),
  above(
    'Yahoo, without marks',
    'On Monday, January 5, 2026 at 10:00:00 AM GMT+1, Ann <ann@example.org> wrote:\n',
    '  Shall we meet?\n\n  Ann',
  ),
  above(
    'Markdown of HTML',
    'On Mon, Jan 5, 2026 at 10:00 AM Ann <[ann@example.org](mailto:ann@example.org)\\> wrote:\n',
  ),
];

const BLOCKS: readonly Form[] = [
  above(
    'Outlook, plain',
    '-----Original Message-----',
    'From: Ann\nSent: Monday, January 5, 2026 10:00\nTo: Bob\nSubject: Meeting\n\nShall we?',
  ),
  above(
    'Outlook on the web',
    '________________________________',
    'From: Ann <ann@example.org>\nSent: Monday, January 5, 2026 10:00\nTo: Bob\nSubject: Meeting\n\nShall we?',
  ),
  above(
    'Outlook, HTML as Markdown',
    '* * *',
    '**From:** Ann <ann@example.org>  \n**Sent:** Monday, January 5, 2026 10:00  \n**To:** Bob  \n**Subject:** Meeting\n\nShall we?',
  ),
  above(
    'Outlook, German',
    '',
    'Von: Ann\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Bob\nBetreff: Treffen\n\nTreffen wir uns?',
  ),
  above(
    'Outlook, French',
    '',
    'De : Ann\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Bob\nObjet : Rendez-vous\n\nOn se voit ?',
  ),
  above(
    'Outlook, Spanish',
    '',
    'De: Ann\nEnviado el: lunes, 5 de enero de 2026\nPara: Bob\nAsunto: Cita\n\n¿Nos vemos?',
  ),
  above(
    'Outlook, Italian',
    '',
    'Da: Ann\nInviato: lunedì 5 gennaio 2026\nA: Bob\nOggetto: Incontro\n\nCi vediamo?',
  ),
  above(
    'Outlook, Russian',
    '',
    'От: Ann\nОтправлено: 5 января 2026\nКому: Bob\nТема: Встреча\n\nВстретимся?',
  ),
  above('Outlook, Japanese', '', '差出人: Ann\n送信日時: 2026年1月5日\n宛先: Bob\n件名: 会議\n\n会いますか'),
  above('Outlook, Chinese', '', '发件人： Ann\n发送时间： 2026年1月5日\n收件人： Bob\n主题： 会议\n\n见面吗'),
  above(
    'original of a phone',
    '-------- Original message --------',
    'From: Ann <ann@example.org>\nDate: 05/01/2026 10:00 (GMT+01:00)\nTo: Bob\nSubject: Meeting\n\nShall we?',
  ),
  above(
    'GMX',
    'Gesendet: Montag, 5. Januar 2026 um 10:00 Uhr',
    'Von: "Ann" <ann@example.org>\nAn: bob@example.org\nBetreff: Treffen\n\nTreffen wir uns?',
  ),
  above('a quote without a word', '', OLD),
];

const PLACES: readonly Form[] = [
  {
    what: 'nothing quoted',
    body: 'Yes.\n\nAnn\n-- \nAnn Example',
    expected: 'Yes.\n\nAnn\n-- \nAnn Example',
    quoted: 'none',
  },
  {
    what: 'a signature before the quote',
    body: `Yes.\n\n-- \nBob\nSales\n\nOn 5 Jan 2026, Ann wrote:\n${OLD}`,
    expected: 'Yes.',
  },
  { what: 'a signature behind the quote', body: `Yes.\n\nAnn wrote:\n${OLD}\n\n-- \nBob`, expected: 'Yes.' },
  {
    what: "a program's footer",
    body: `Yes.\n\nSent from my iPhone\n\nOn 5 Jan 2026, at 10:00, Ann <ann@example.org> wrote:\n\n${OLD}`,
    expected: 'Yes.',
  },
  {
    what: "a list's footer behind the quote",
    body: `Yes.\n\nAnn wrote:\n${OLD}\n\n_______________________________________________\nlist mailing list`,
    expected: 'Yes.',
  },
  {
    what: 'an answer below',
    body: `On 5 Jan 2026, Ann wrote:\n${OLD}\n\nYes.\n\nBob`,
    expected: 'Yes.\n\nBob',
  },
  {
    what: 'an answer below, signed',
    body: `On 5 Jan 2026, Ann wrote:\n${OLD}\n\nYes.\n\n-- \nBob`,
    expected: 'Yes.',
  },
  {
    what: 'answers between quotes',
    body: 'Ann wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.',
    expected: 'Ann wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.',
    quoted: 'none',
  },
  {
    what: 'answers between quotes, and a rest',
    body: 'Hi,\n\nAnn wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.\n\n> Bye\n> Ann',
    expected: 'Hi,\n\nAnn wrote:\n> One?\n\nYes.\n\n> Two?\n\nNo.',
  },
  {
    what: 'a text around one quote',
    body: 'You said\n\n> Shall we?\n\nYes.',
    expected: 'You said\n\n> Shall we?\n\nYes.',
    quoted: 'none',
  },
  {
    what: 'two rests',
    body: `Yes.\n\nBob wrote:\n${OLD}\n\nOn 4 Jan 2026, Ann wrote:\n> Old`,
    expected: 'Yes.',
  },
  {
    what: 'nothing but a quote',
    body: `On 5 Jan 2026, Ann wrote:\n${OLD}`,
    expected: `On 5 Jan 2026, Ann wrote:\n${OLD}`,
    quoted: 'all',
  },
  {
    what: 'nothing but a signature and a quote',
    body: `-- \nBob\n\n${OLD}`,
    expected: `-- \nBob\n\n${OLD}`,
    quoted: 'all',
  },
  {
    what: 'a forward, Gmail',
    body: 'See below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.org>\nDate: Mon, Jan 5, 2026\nSubject: Meeting\nTo: Bob\n\nShall we?\n\n> old',
    expected:
      'See below.\n\n---------- Forwarded message ---------\nFrom: Ann <ann@example.org>\nDate: Mon, Jan 5, 2026\nSubject: Meeting\nTo: Bob\n\nShall we?\n\n> old',
    quoted: 'none',
  },
  {
    what: 'a forward, Apple',
    body: 'See.\n\nBegin forwarded message:\n\n> From: Ann\n> Shall we?',
    expected: 'See.\n\nBegin forwarded message:\n\n> From: Ann\n> Shall we?',
    quoted: 'none',
  },
  {
    what: 'a forward, Outlook',
    subject: 'FW: Meeting',
    body: 'See.\n\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: Meeting\n\nShall we?',
    expected: 'See.\n\nFrom: Ann\nSent: Monday\nTo: Bob\nSubject: Meeting\n\nShall we?',
    quoted: 'none',
  },
  {
    what: 'words that only look like it',
    body: 'As Ann wrote:\nthe meeting is at 10.\n\nTo: do\nDate: open',
    expected: 'As Ann wrote:\nthe meeting is at 10.\n\nTo: do\nDate: open',
    quoted: 'none',
  },
  { what: 'a rule of its own', body: 'One\n\n---\n\nTwo', expected: 'One\n\n---\n\nTwo', quoted: 'none' },
  { what: 'an empty body', body: '', expected: '', quoted: 'none' },
];

function check({ what, body, expected, quoted = 'left-out', subject = 'Re: Meeting' }: Form): void {
  test(`newText() leaves out the quoted rest: ${what}`, () => {
    assert.deepEqual(newText(body, subject), { text: expected, quoted });
  });
}

for (const form of [...ATTRIBUTIONS, ...BLOCKS, ...PLACES]) check(form);

/** Generous for a slow machine; what is not linear takes minutes. */
const BOMB_MS_MAX = 3_000;

test('newText() stays linear', () => {
  for (const piece of [
    '>',
    '> x\n',
    'On 5 Jan\n',
    'From: a\n',
    'wrote ',
    'wrote:\n',
    '-',
    '_',
    '*',
    '\\',
    ' ',
    '\n',
    '-- \n',
    'Sent from my iPhone\n',
    '> x\n\n-- \n',
    '> x\n\n',
    'Ann wrote:\n\n',
    '> x\ny\n',
  ]) {
    const startedAt = performance.now();
    newText(`Yes.\n${piece.repeat(2_000_000 / piece.length)}`);
    assert.ok(
      performance.now() - startedAt < BOMB_MS_MAX,
      `${JSON.stringify(piece)} ${performance.now() - startedAt}`,
    );
  }
});

test('newText() gives back lines of the body, in order, and never nothing of something', () => {
  const line = fc.constantFrom(
    'Yes.',
    '',
    '> old',
    'On 5 Jan 2026, Ann wrote:',
    'From: a',
    'Sent: b',
    'To: c',
    '-- ',
    '* * *',
    '________________',
    'Begin forwarded message:',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const body = lines.join('\n');
      const { text } = newText(body);
      assert.ok(body.includes(text));
      assert.equal(text.trim() === '', body.trim() === '');
    }),
  );
});
