/** `aimx queue retry|cancel|hold|release|approve`. */
import type { QueueSelection } from '../../../operations/queue-decisions.ts';
import { type CommandBody, flagOption, type Invocation, textOption } from '../invocation.ts';
import { performInDaemon } from '../perform.ts';
import { safeLine } from '../safe-text.ts';
import { print } from '../show.ts';
import { shortQueueId } from './queue.ts';

function selection(invocation: Invocation): QueueSelection {
  return {
    ...(invocation.args.length === 0 ? {} : { messages: invocation.args }),
    all: flagOption(invocation, 'all') || undefined,
    mailbox: textOption(invocation, 'mailbox'),
  };
}

type Decision = 'retry' | 'cancel' | 'hold' | 'release' | 'approve';

/** @param done What stands before the id of each message that it was done with. */
function decide(verb: Decision, done: string): CommandBody {
  return async (invocation) => {
    const answer = await performInDaemon(invocation, `queue.${verb}`, selection(invocation));
    await print(
      invocation,
      answer,
      ({ changed, on_their_way = [] }) =>
        (changed.length === 0
          ? `No message fits: nothing was done.\n`
          : changed.map((id) => `${done} ${shortQueueId(id)}\n`).join('')) +
        on_their_way
          .map(
            ({ queue_id, address }) =>
              `Too late for ${safeLine(address)}: ${shortQueueId(queue_id)} is being handed over to its server\n`,
          )
          .join(''),
    );
    return 0;
  };
}

export const retry: CommandBody = decide('retry', 'To be tried now:');
export const cancel: CommandBody = decide('cancel', 'Cancelled');
export const hold: CommandBody = decide('hold', 'Held');
export const release: CommandBody = decide('release', 'Released');
export const approve: CommandBody = decide('approve', 'Approved');
