/** `aimx read --new` on files as they lie in a mailbox, without a daemon. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Place, rootOnly } from './program.ts';

const CONFIG = `
[mailboxes.agent]
address = "agent@example.com"
owner = "root"
`;

let place: Place;

before(() => {
  if (rootOnly.skip !== false) return;
  place = new Place(CONFIG);
  mkdirSync(join(place.folder, 'data', 'inbox', 'agent'), { recursive: true, mode: 0o700 });
});
after(() => place?.[Symbol.dispose]());

/** A message's file as the daemon would have written it. */
async function deliver(id: string, subject: string, body: string): Promise<void> {
  const raw = `From: ann@a.test\nSubject: ${subject}\nContent-Type: text/plain; charset=utf-8\n\n${body}\n`;
  const { stdout, exit, stderr } = await place.aimx(['render'], { stdin: raw });
  assert.equal(exit, 0, stderr);
  writeFileSync(join(place.folder, 'data', 'inbox', 'agent', `${id}.md`), stdout, { mode: 0o600 });
}

const QUOTE = 'On 5 Jan 2026, Bob <bob@b.test> wrote:\n\n> Shall we?\n>\n> Bob';

test('aimx read --new prints what is new in a reply, and the file keeps everything', rootOnly, async () => {
  await deliver('reply', 'Re: Lunch', `Yes.\n\n-- \nAnn\n\n${QUOTE}`);
  const env = { AIMX_DATA_DIR: join(place.folder, 'data') };
  const shown = await place.aimx(['read', 'agent/reply', '--new'], { env });
  assert.equal(shown.stdout, 'Yes.\n', shown.stderr);
  assert.equal(shown.exit, 0);
  const json = JSON.parse((await place.aimx(['read', 'agent/reply', '--new', '--json'], { env })).stdout);
  assert.deepEqual(Object.keys(json), ['mailbox', 'folder', 'id', 'path', 'body', 'quoted']);
  assert.equal(json.body, 'Yes.');
  assert.equal(json.quoted, 'left-out');
  const whole = await place.aimx(['read', 'agent/reply'], { env });
  assert.match(whole.stdout, /^\+\+\+\n.*Yes\.\n\n-- \nAnn\n\nOn 5 Jan.*> Bob\n$/s);
});

test(
  'aimx read --new prints the whole where nothing is quoted, where all is, and of a forward',
  rootOnly,
  async () => {
    const env = { AIMX_DATA_DIR: join(place.folder, 'data') };
    const check = async (id: string, subject: string, body: string, expected: string): Promise<void> => {
      await deliver(id, subject, body);
      const { stdout, exit } = await place.aimx(['read', `agent/${id}`, '--new'], { env });
      assert.equal(stdout, expected);
      assert.equal(exit, 0);
    };
    await check('letter', 'Lunch', 'Shall we?\n\n-- \nAnn', 'Shall we?\n\n-- \nAnn\n');
    await check('quote', 'Re: Lunch', QUOTE, `[All of this message is quoted.]\n\n${QUOTE}\n`);
    const forward = 'See.\n\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: Lunch\n\nShall we?';
    await check('forward', 'FW: Lunch', forward, `${forward}\n`);
  },
);
