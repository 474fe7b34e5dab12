/** `aimx dedup list|forget`. */
import type { AbsorbedView } from '../../../operations/dedup.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { performInDaemon, performOnRows } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { moreLine, print, shortTime } from '../show.ts';
import { type Column, formatTable } from '../table.ts';
import { pageOptions } from './page-options.ts';

const COLUMNS: readonly Column<AbsorbedView>[] = [
  { title: 'CAME (UTC)', value: (copy) => shortTime(copy.received_at) },
  { title: 'FROM', value: (copy) => copy.client_address ?? 'ingest' },
  { title: 'KNOWN BY', value: (copy) => copy.by },
  { title: 'HELD BY MESSAGE', value: (copy) => `${copy.mailbox}/${copy.id}`, shrinkTo: 24 },
  { title: 'FOR', value: (copy) => copy.delivered_to.join(', '), shrinkTo: 10 },
];

export const list: CommandBody = async (invocation) => {
  const page = await performOnRows(
    invocation,
    'dedup.list',
    { mailbox: textOption(invocation, 'mailbox'), ...pageOptions(invocation) },
    async () => (await import('../../../operations/dedup.ts')).dedupList,
  );
  await print(invocation, page, ({ absorbed, next_cursor }) =>
    absorbed.length === 0
      ? 'No copies were absorbed.\n'
      : formatTable(absorbed, COLUMNS, invocation.terminal) + moreLine(next_cursor, 'aimx dedup list'),
  );
  return 0;
};

export const forget: CommandBody = async (invocation) => {
  const answer = await performInDaemon(invocation, 'dedup.forget', {
    message: invocation.args[0] ?? '',
    mailbox: textOption(invocation, 'mailbox'),
  });
  await print(invocation, answer, ({ mailbox, id, forgotten }) =>
    safeLine(
      `Forgot ${forgotten} fingerprint${forgotten === 1 ? '' : 's'} of ${mailbox}/${id}: the same bytes would be delivered again`,
    ).concat('\n'),
  );
  return 0;
};
