import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AimxError } from '../../system/errors.ts';
import { picturePaths, readAttachedFiles } from './attached-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'aimx-attached-'));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'letter', 'pictures'), { recursive: true });
writeFileSync(join(folder, 'secret.png'), 'secret');
writeFileSync(join(folder, 'letter', 'pictures', 'a.png'), 'picture');
writeFileSync(join(folder, 'letter', 'report.pdf'), 'report');
symlinkSync('../secret.png', join(folder, 'letter', 'linked.png'));
execFileSync('mkfifo', [join(folder, 'letter', 'pipe')]);

const letter = { cwd: join(folder, 'letter'), attachments: [], body: '', bodyFile: null };

test('picturePaths() finds what is a file of this machine, each once', () => {
  const check = (body: string, expected: readonly string[]): void =>
    assert.deepEqual(picturePaths(body), expected, body);
  check('![a](x.png) and ![](x.png "title") ![b]( <y.jpg> )', ['x.png', 'y.jpg']);
  check('![](https://example.com/x.png) ![](cid:x.png) ![](data:image/png;base64,AA) ![](//h/x.png)', []);
  check('[no picture](x.png) ![](notes.txt) ![](x.png', []);
});

test('picturePaths() takes linear time', () => {
  const start = performance.now();
  picturePaths('!['.repeat(500_000));
  picturePaths('![]('.repeat(250_000));
  assert.ok(performance.now() - start < 5_000);
});

test('readAttachedFiles() reads pictures below the folder of the text alone', async () => {
  const body = '![](pictures/a.png) ![](../secret.png) ![](linked.png) ![](gone.png)';
  const fromCwd = await readAttachedFiles({ ...letter, body: `${body} ![](${join(folder, 'secret.png')})` });
  assert.deepEqual(
    fromCwd.files.map(({ filename, inline_as, content_type }) => [filename, inline_as, content_type]),
    [['a.png', 'pictures/a.png', 'image/png']],
  );
  assert.equal(fromCwd.remarks.length, 4);
  const besideFile = await readAttachedFiles({ ...letter, cwd: folder, body, bodyFile: 'letter/text.md' });
  assert.equal(besideFile.files.length, 1);
});

test('readAttachedFiles() opens regular files, and waits for nobody', async () => {
  const { files } = await readAttachedFiles({ ...letter, attachments: ['report.pdf', '../secret.png'] });
  assert.deepEqual(
    files.map(({ filename, content_type, content_base64 }) => [
      filename,
      content_type,
      Buffer.from(content_base64, 'base64').toString(),
    ]),
    [
      ['report.pdf', 'application/pdf', 'report'],
      ['secret.png', 'image/png', 'secret'],
    ],
  );
  for (const [name, pattern] of [
    ['pipe', /no regular file/],
    ['pictures', /no regular file/],
    ['/dev/zero', /no regular file/],
    ['gone', /ENOENT/],
  ] as const)
    await assert.rejects(
      readAttachedFiles({ ...letter, attachments: [name] }),
      (error) =>
        error instanceof AimxError && error.code === 'request.invalid' && pattern.test(error.message),
      name,
    );
});
