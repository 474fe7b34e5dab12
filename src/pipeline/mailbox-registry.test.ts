import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config, MailboxConfig } from '../config/config.ts';
import { type Journal, type Transitions, toMailboxId } from '../journal/journal.ts';
import { simulatedClock } from '../system/clock.sim.ts';
import { silentLog } from '../system/log.ts';
import type { Account } from '../system/passwd.ts';
import { createMailboxRegistry, type MailboxRegistry } from './mailbox-registry.ts';

const RETRY_MS = 15_000;

const account = (name: string): Account => ({ name, uid: 1000, gid: 1000, home: '/', shell: '/bin/sh' });

/** A config of mailboxes that are named as their owners. */
const configOf = (...names: readonly string[]): Config =>
  ({ mailboxes: names.map((name) => ({ name, owner: name }) as MailboxConfig) }) as unknown as Config;

/** Lets every promise that can settle do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function registryOver(lookup: (name: string) => Promise<Account | null>): {
  readonly registry: MailboxRegistry;
  readonly clock: ReturnType<typeof simulatedClock>;
  /** Whether rows can be written. */
  readonly rows: { hasRoom: boolean };
} {
  const clock = simulatedClock();
  const rows = { hasRoom: true };
  const advance = async (
    _kind: string,
    input: Transitions['register-mailboxes']['in'],
  ): Promise<Transitions['register-mailboxes']['out']> => {
    if (!rows.hasRoom) throw new Error('no room');
    return { ids: Object.fromEntries(input.mailboxes.map(({ name }) => [name, toMailboxId(`id-${name}`)])) };
  };
  const registry = createMailboxRegistry({
    journal: { advance } as unknown as Journal,
    accounts: { lookup, lookupUid: async () => null, current: () => account('self') },
    clock,
    log: silentLog,
    selfUid: 1000,
  });
  return { registry, clock, rows };
}

/** Uid of a mailbox's owner; null where the account does not exist. */
function ownerUid(registry: MailboxRegistry, mailbox: string): number | null {
  const id = registry.ids[mailbox];
  const owner = id === undefined ? undefined : registry.placeOf(id)?.owner;
  return owner === undefined || owner === null || owner === 'missing' ? null : owner.uid;
}

test('MailboxRegistry.adopt() lets the config stand that was given last, however long the other takes', async () => {
  const slow = Promise.withResolvers<Account>();
  const { registry } = registryOver((name) =>
    name === 'old' ? slow.promise : Promise.resolve(account(name)),
  );
  const adoptions = [registry.adopt(configOf('old')), registry.adopt(configOf('new'))];
  await settle();
  slow.resolve(account('old'));
  await Promise.all(adoptions);
  assert.deepEqual(Object.keys(registry.ids), ['new']);
});

test('MailboxRegistry.adopt() goes on where one account cannot be looked up, and finds it later', async () => {
  let answers = false;
  const { registry, clock } = registryOver(async (name) => {
    if (name === 'far' && !answers) throw new Error('the directory does not answer');
    return account(name);
  });
  await registry.adopt(configOf('near', 'far'));
  assert.deepEqual([ownerUid(registry, 'near'), ownerUid(registry, 'far')], [1000, null]);
  answers = true;
  clock.advance(RETRY_MS);
  await settle();
  assert.equal(ownerUid(registry, 'far'), 1000);
});

test('MailboxRegistry looks for missing accounts again after a look that failed', async () => {
  let exists = false;
  const { registry, clock, rows } = registryOver(async (name) => (exists ? account(name) : null));
  await registry.adopt(configOf('late'));
  exists = true;
  rows.hasRoom = false;
  clock.advance(RETRY_MS);
  await settle();
  assert.equal(ownerUid(registry, 'late'), null);
  rows.hasRoom = true;
  clock.advance(RETRY_MS);
  await settle();
  assert.equal(ownerUid(registry, 'late'), 1000);
});
