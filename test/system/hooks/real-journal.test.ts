/** The runner on the journal itself: rows claimed, started and ended as the journal has them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { createHookRunner } from '../../../src/hooks/runner.ts';
import { FINAL_RUN_STATES, type Journal } from '../../../src/journal/journal.ts';
import { openJournal } from '../../../src/journal/open.ts';
import { simulatedClock } from '../../../src/system/clock.sim.ts';
import { epochMs, systemClock } from '../../../src/system/clock.ts';
import { noFaults } from '../../../src/system/faults.ts';
import { silentLog } from '../../../src/system/log.ts';
import { systemRandom } from '../../../src/system/random.ts';
import { Desk, hook } from '../../contract/journal-fixture.ts';
import { hookConfig, makeFolder, runnerOptions, sh } from './bench-runner.ts';
import { keptRows } from './kept-rows.ts';

const MESSAGES = 20;

/** Resolves when every run of the journal is final. */
async function allFinal(journal: Journal, count: number): Promise<readonly string[]> {
  for (;;) {
    const { rows } = await journal.query('runs', { filter: {}, limit: 200 });
    if (rows.length === count && rows.every(({ state }) => FINAL_RUN_STATES.includes(state)))
      return rows.map(({ state }) => state);
    await systemClock.sleep(20);
  }
}

test('runner: over the real journal, two hooks of each message start once, stopped and started in between', async () => {
  await using folder = makeFolder();
  const hooks = ['first', 'second'].map((name) =>
    hookConfig(sh(name, `echo "${name} $AIMX_SUBJECT" >>${folder.path}/starts; sleep 0.05`)),
  );
  const mailboxes = [{ name: 'alice', owner: null, maxConcurrent: null, hooks }];
  const config = { mailboxes, hooks: { maxConcurrent: 6, maxPerMailbox: 6 } } as unknown as Config;
  const open = (): Promise<Journal> =>
    openJournal({
      folder: join(folder.path, 'journal'),
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      faults: noFaults,
      allowMemory: true,
    });
  const run = async (until: (journal: Journal) => Promise<unknown>): Promise<void> => {
    await using journal = await open();
    const { ids } = await journal.advance('register-mailboxes', {
      mailboxes: [{ name: 'alice', ownerUid: 1000 }],
      at: systemClock.now(),
    });
    const options = runnerOptions({ hooks: [] }, keptRows(join(folder.path, 'unused')));
    await using _runner = await createHookRunner({
      ...options,
      journal,
      config: () => config,
      mailboxIds: () => ids,
    });
    await until(journal);
  };

  {
    // Delivered while nobody starts hooks.
    await using journal = await open();
    const store = { clock: simulatedClock(), open: async () => journal };
    const desk = await Desk.open(store as unknown as Parameters<typeof Desk.open>[0]);
    for (let n = 0; n < MESSAGES; n += 1) {
      const plans = [hook('first'), hook('second', { ordinal: 1 })];
      const [decision] = await desk.identify(await desk.accept({ text: `message ${n}\r\n` }), {
        hooks: plans,
      });
      assert.ok(decision?.kind === 'deliver');
      const stdin = join(journal.folders.stdin, String(decision.delivery.deliveryId));
      writeFileSync(`${stdin}.md`, 'x\n');
      writeFileSync(`${stdin}.json`, JSON.stringify({ variables: { AIMX_SUBJECT: String(n) } }));
      await desk.place(decision);
    }
  }
  await run(async (journal) => {
    while ((await journal.query('runs', { filter: { states: ['succeeded'] }, limit: 200 })).rows.length < 5)
      await systemClock.sleep(10);
  });
  await run(async (journal) => {
    const states = await allFinal(journal, 2 * MESSAGES);
    assert.deepEqual(new Set(states), new Set(['succeeded']));
  });
  const starts = readFileSync(join(folder.path, 'starts'), 'utf8').split('\n').slice(0, -1);
  assert.equal(starts.length, 2 * MESSAGES);
  assert.equal(new Set(starts).size, 2 * MESSAGES);
  for (let n = 0; n < MESSAGES; n += 1)
    assert.ok(starts.indexOf(`first ${n}`) < starts.indexOf(`second ${n}`), `message ${n}`);
});

test('run-ended: the row and the trace have the time at which it ended, where that is known', async () => {
  await using folder = makeFolder();
  await using journal = await openJournal({
    folder: join(folder.path, 'journal'),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    faults: noFaults,
    allowMemory: true,
  });
  const store = { clock: simulatedClock(), open: async () => journal };
  const desk = await Desk.open(store as unknown as Parameters<typeof Desk.open>[0]);
  await desk.send('x', { hooks: [hook('h')] });
  const [run] = await desk.claimRuns();
  assert.ok(run !== undefined);
  await desk.start(run);
  const endedAt = epochMs(desk.now + 5_000);
  const result = { state: 'succeeded', exitCode: 0, signal: null, reason: null } as const;
  const { runId, attempt, deliveryId } = run;
  await journal.advance('run-ended', { runId, attempt, ...result, endedAt, at: epochMs(endedAt + 9_000) });
  assert.equal((await journal.query('run', { runId }))?.endedAt, endedAt);
  const { rows } = await journal.query('trace', { deliveryId });
  assert.equal(rows.find(({ event }) => event === 'run.succeeded')?.at, endedAt);
});
