/** `aimx hooks list`. */
import type { HookView } from '../../../operations/hooks.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { performOnRows } from '../perform.ts';
import { print } from '../show.ts';
import { type Column, formatTable } from '../table.ts';

/** As a person would type it: what has white space or quotes is shown as a JSON string. */
function commandText(cmd: readonly string[]): string {
  return cmd.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}

const COLUMNS: readonly Column<HookView>[] = [
  { title: 'MAILBOX', value: (hook) => hook.mailbox },
  { title: 'HOOK', value: (hook) => hook.name, shrinkTo: 12 },
  { title: 'EVENT', value: (hook) => hook.event },
  { title: 'STARTS FOR', value: (hook) => (hook.fire_on_untrusted ? 'every mail' : 'trusted mail') },
  { title: 'LIMIT', value: (hook) => `${hook.timeout_secs} s` },
  { title: 'COMMAND', value: (hook) => commandText(hook.cmd), shrinkTo: 16 },
];

export const list: CommandBody = async (invocation) => {
  const answer = await performOnRows(
    invocation,
    'hooks.list',
    { mailbox: textOption(invocation, 'mailbox') },
    async () => (await import('../../../operations/hooks.ts')).hooksList,
  );
  await print(invocation, answer, ({ hooks }) =>
    hooks.length === 0 ? 'No hooks.\n' : formatTable(hooks, COLUMNS, invocation.terminal),
  );
  return 0;
};
