/**
 * Accepted messages a second, against Postfix and the ceiling, and the time from final dot to `250`.
 *
 * Peers are measured in turn in every round, and ratios taken pair by pair.
 */
import type { Figure, Section, Table } from './figure.ts';
import { formatNumber } from './figure.ts';
import type { Ground } from './ground.ts';
import { type LoadResult, runLoad } from './load.ts';
import { aimxPeer, type Peer, postfixPeer, rawPeer } from './peers.ts';
import { MESSAGE_BYTES, type Plan, SESSIONS } from './plan.ts';
import { median, medianRatio } from './statistics.ts';

const TARGETS: Readonly<Record<number, { postfix: number; p50Ms: number; p99Ms: number }>> = {
  1: { postfix: 2, p50Ms: 1, p99Ms: 5 },
  10: { postfix: 6, p50Ms: 3, p99Ms: 10 },
  50: { postfix: 10, p50Ms: 6, p99Ms: 20 },
};

const CEILING_SHARE = 0.5;

type Measured = Readonly<Record<Peer['name'], readonly LoadResult[]>>;

export async function measureAccept(ground: Ground, plan: Plan, load: string): Promise<Section> {
  await using stack = new AsyncDisposableStack();
  const postfix = await postfixPeer(ground);
  const peers: readonly Peer[] = [
    aimxPeer(ground),
    rawPeer(ground),
    ...(postfix.kind === 'peer' ? [postfix.peer] : []),
  ].map((peer) => stack.use(peer));
  const bySessions = new Map<number, Measured>();
  for (const sessions of SESSIONS) {
    const results = { aimx: [], raw: [], Postfix: [] } as Record<Peer['name'], LoadResult[]>;
    for (let round = 0; round < plan.rounds; round += 1)
      for (const peer of peers) {
        const port = await peer.begin();
        results[peer.name].push(
          await runLoad(load, { port, sessions, amount: { seconds: plan.loadSeconds } }),
        );
        await peer.end();
      }
    bySessions.set(sessions, results);
  }
  const note = postfix.kind === 'absent' ? postfix.why : undefined;
  return {
    title: 'Accepting',
    figures: [
      ...SESSIONS.flatMap((sessions) => rateFigures(sessions, bySessions.get(sessions), note)),
      ...SESSIONS.flatMap((sessions) => latencyFigures(sessions, bySessions.get(sessions))),
    ],
    tables: [rateTable(bySessions)],
    data: Object.fromEntries(bySessions),
  };
}

function rates(results: readonly LoadResult[] | undefined): readonly number[] {
  return (results ?? []).map(({ rate }) => rate);
}

function rateFigures(
  sessions: number,
  of: Measured | undefined,
  absent: string | undefined,
): readonly Figure[] {
  const aimx = rates(of?.aimx);
  const target = TARGETS[sessions]?.postfix ?? 1;
  return [
    {
      name: `accepted, ${sessions} sessions, against Postfix`,
      value: absent === undefined ? medianRatio(aimx, rates(of?.Postfix)) : null,
      unit: '×',
      target: { atLeast: target },
      ...(absent === undefined ? {} : { note: absent }),
    },
    {
      name: `accepted, ${sessions} sessions, against the raw receiver`,
      value: medianRatio(aimx, rates(of?.raw)),
      unit: '×',
      target: { atLeast: CEILING_SHARE },
    },
  ];
}

function latencyFigures(sessions: number, of: Measured | undefined): readonly Figure[] {
  const target = TARGETS[sessions];
  const figure = (which: 'p50Ms' | 'p99Ms', name: string): Figure => ({
    name: `final dot → 250, ${sessions} sessions, ${name}`,
    value: median((of?.aimx ?? []).map((result) => result[which])),
    unit: 'ms',
    target: target === undefined ? null : { atMost: target[which] },
  });
  return [figure('p50Ms', 'p50'), figure('p99Ms', 'p99')];
}

function rateTable(bySessions: ReadonlyMap<number, Measured>): Table {
  const cell = (results: readonly LoadResult[]): string =>
    results.length === 0
      ? '–'
      : [
          formatNumber(median(rates(results))),
          `${formatNumber(median(results.map(({ p50Ms }) => p50Ms)))}/${formatNumber(median(results.map(({ p99Ms }) => p99Ms)))}`,
        ].join(' · ');
  return {
    title: `Messages/s of ${MESSAGE_BYTES} bytes · final dot → 250 p50/p99 ms, kept sessions, medians`,
    columns: ['sessions', 'aimx', 'raw group commit', 'Postfix'],
    rows: [...bySessions].map(([sessions, { aimx, raw, Postfix }]) => [
      String(sessions),
      cell(aimx),
      cell(raw),
      cell(Postfix),
    ]),
  };
}
