/**
 * Every transition, by name.
 */
import type { Transitions } from '../transitions.ts';
import { authenticated } from './authenticated.ts';
import { claimRuns, type Round } from './claim-runs.ts';
import type { Context } from './context.ts';
import {
  delivered,
  exchanging,
  forgetFingerprints,
  idTaken,
  promoted,
  staged,
  waiting,
} from './deliveries.ts';
import { identify } from './identify.ts';
import { legacyScanned, legacyWaits, registerMailboxes } from './mailboxes.ts';
import { readAttempt } from './messages.ts';
import { answered } from './outgoing/answered.ts';
import { attempted, transmitting } from './outgoing/attempts.ts';
import { claimOutgoing, type RecipientLeases, releaseOutgoing } from './outgoing/claim.ts';
import { decideOutgoing } from './outgoing/decisions.ts';
import { submit } from './outgoing/submit.ts';
import { cancelRuns, releaseRuns, replayRun, runAgain, runEnded, runStarted } from './runs.ts';
import { beginEpoch, sweep } from './upkeep.ts';

export type TransitionTable = {
  readonly [Kind in keyof Transitions]: (
    context: Context,
    input: Transitions[Kind]['in'],
  ) => Transitions[Kind]['out'];
};

/** What is no row, and lives as long as the process. */
interface WorkingMemory {
  /** Where handing out runs goes on. */
  readonly round: Round;
  /** Recipients that are handed out and not given back. */
  readonly sending: RecipientLeases;
}

export function transitionTable({ round, sending }: WorkingMemory): TransitionTable {
  return {
    'register-mailboxes': registerMailboxes,
    authenticated,
    'read-attempt': readAttempt,
    identify,
    staged,
    'id-taken': idTaken,
    delivered,
    exchanging,
    promoted,
    waiting,
    'legacy-scanned': legacyScanned,
    'legacy-waits': legacyWaits,
    'claim-runs': (context, input) => claimRuns(context, round, input),
    'run-started': runStarted,
    'run-ended': runEnded,
    'run-again': runAgain,
    'release-runs': releaseRuns,
    'cancel-runs': cancelRuns,
    'replay-run': replayRun,
    'begin-epoch': beginEpoch,
    'forget-fingerprints': forgetFingerprints,
    sweep,
    submit,
    'claim-outgoing': (context, input) => claimOutgoing(context, sending, input),
    'release-outgoing': (context, input) => releaseOutgoing(context, sending, input.recipientIds),
    transmitting,
    attempted: (context, input) => attempted(context, sending, input),
    'decide-outgoing': decideOutgoing,
    answered,
  };
}
