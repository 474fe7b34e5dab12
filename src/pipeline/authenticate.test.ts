import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNAUTHENTICATED, type Verdict } from '../authentication/verdict.ts';
import type { DeliveryRow, MessageRow, Transitions } from '../journal/journal.ts';
import { type EpochMs, epochMs } from '../system/clock.ts';
import { silentLog } from '../system/log.ts';
import { authenticateStep } from './authenticate.ts';
import type { World } from './world.ts';

type Input = Transitions['authenticated']['in'];

const RECEIVED = Date.UTC(2026, 10, 25, 12);
const OPEN: Verdict = { ...UNAUTHENTICATED, dkim: 'temperror', provisional: true };

/** A delivered message that was asked about before and is asked about again, `afterMs` after its receipt. */
async function recheck(
  answer: Verdict,
  stored: { readonly verdict: Verdict; readonly rank: DeliveryRow['rank']; readonly rechecks?: number },
  afterMs = 5_000,
): Promise<Input> {
  const now = epochMs(RECEIVED + afterMs);
  const delivery = { state: 'delivered', trusted: 'none', trustReason: null, rank: stored.rank };
  const message = {
    arrival: { receivedAt: epochMs(RECEIVED) },
    deliveries: [delivery],
    verdict: stored.verdict,
    recheckAt: now,
    rechecks: stored.rechecks ?? 0,
  };
  let input: Input | undefined;
  const world: Pick<
    World,
    'authenticator' | 'clock' | 'config' | 'directory' | 'faults' | 'journal' | 'log'
  > = {
    authenticator: { authenticate: () => Promise.resolve(answer) },
    clock: { now: (): EpochMs => now } as World['clock'],
    config: () => ({}) as ReturnType<World['config']>,
    directory: { configOf: () => null, placeOf: () => null },
    faults: { reach: () => undefined },
    journal: {
      advance: (_: string, given: Input) => {
        input = given;
        return Promise.resolve({ promoting: [] });
      },
    } as unknown as World['journal'],
    log: silentLog,
  };
  const { signal } = new AbortController();
  await authenticateStep(message as unknown as MessageRow, world as World, signal);
  assert.ok(input !== undefined);
  return input;
}

test('authenticateStep() makes a file anew for a better rank at once, for anything else with the last answer', async () => {
  const check = async (
    answer: Verdict,
    rank: DeliveryRow['rank'],
    expected: string | null,
  ): Promise<void> => {
    const { reassessed } = await recheck(answer, { verdict: OPEN, rank });
    assert.deepEqual(
      reassessed.map((one) => one.rank),
      expected === null ? [] : [expected],
      `${rank} → ${answer.rank}`,
    );
  };
  await check({ ...OPEN, rank: 'aligned-spf' }, 'none', 'aligned-spf');
  await check({ ...OPEN, rank: 'none' }, 'aligned-spf', null);
  await check({ ...OPEN, spf: 'pass' }, 'none', null);
  const last = { ...OPEN, provisional: false };
  await check({ ...last, rank: 'none' }, 'aligned-spf', 'none');
  await check({ ...last, dkim: 'fail', rank: 'fail' }, 'none', 'fail');
  await check({ ...last, dkim: 'none' }, 'none', 'none');
  await check(last, 'none', null);
});

test('authenticateStep() asks again after 5, 10, 20 s, at most 15 min apart, for a day', async () => {
  const check = async (rechecks: number, afterMs: number, expected: number | null): Promise<void> => {
    const { recheckAt, at } = await recheck(OPEN, { verdict: OPEN, rank: 'none', rechecks }, afterMs);
    assert.equal(recheckAt === null ? null : recheckAt - at, expected, `${rechecks}`);
  };
  await check(0, 5_000, 10_000);
  await check(1, 15_000, 20_000);
  await check(40, 3_600_000, 15 * 60_000);
  await check(100, 24 * 3_600_000 - 1, 15 * 60_000);
  await check(100, 24 * 3_600_000, null);
});
