/**
 * The second step of a rotation: prepared keys sign from the next message on, once DNS shows them.
 *
 * Served by the command line alone: it asks DNS, which the operations of the daemon do not.
 */
import { parseKeyRecord } from '../authentication/dkim/key-record.ts';
import { type DkimKeyType, dkimRecord, publicPemOf } from '../authentication/dkim-key.ts';
import { epochMs, formatInstant } from '../system/clock.ts';
import type { Dns } from '../system/dns.ts';
import { AimxError } from '../system/errors.ts';
import type { Folder } from '../system/files.ts';
import { assertRoot, requireConfig } from './access.ts';
import { findKeyPlace, inKeyFolder } from './dkim-keygen.ts';
import { defaultSelector, KEY_TYPES, type KeyReading, readKey, removeKey, replaceKey } from './key-files.ts';
import type { OperationContext } from './operation.ts';
import { QUEUE_LIFETIME_MS } from './queue-lifetime.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What was handed over may be verified late: by relays that hold it, and by readers of a mailbox. */
const VERIFIED_LATE_MS = 7 * DAY_MS;

/** Somebody waits for the answer. */
const DNS_BUDGET_MS = 20_000;

export interface DkimActivateInput {
  /** One of our domains; the config's `domain` where absent. */
  readonly domain?: string | undefined;
  /** Does not ask DNS. */
  readonly force?: boolean | undefined;
}

/** Names are stable. */
export interface DkimActivateOutput {
  readonly domain: string;
  /** Of the keys that sign now, RSA first. */
  readonly selectors: readonly string[];
  /** Records of the keys that signed until now, which must stay for a while. */
  readonly old_records: readonly string[];
  /** Until when: RFC 3339. */
  readonly keep_old_records_until: string;
}

interface NextKey {
  readonly type: DkimKeyType;
  readonly selector: string;
  readonly publicPem: string;
  /** As it was in its file. */
  readonly privateText: string;
}

type FoundKey = Extract<KeyReading, { kind: 'key' }>;

async function readNext(folder: Folder, type: DkimKeyType, configSelector: string): Promise<NextKey | null> {
  const reading = await readKey(folder, { type, stage: 'next' });
  if (reading.kind === 'absent') return null;
  if (reading.kind === 'unusable')
    throw new AimxError('request.conflict', reading.problem, {
      hint: 'prepare the keys again with aimx dkim-keygen --rotate --force',
    });
  const { privateKey } = reading.key;
  const selector = selectorOf(reading, type, configSelector);
  return { type, selector, publicPem: publicPemOf(privateKey), privateText: reading.text };
}

function selectorOf({ key }: FoundKey, type: DkimKeyType, configSelector: string): string {
  return key.selector ?? defaultSelector(type, configSelector);
}

/** Whether a verifier would find this key in a record. */
function shows(text: string, { type, publicPem }: NextKey): boolean {
  const parsed = parseKeyRecord(text, `${type}-sha256`);
  return parsed.kind === 'key' && parsed.record.key.export({ type: 'spki', format: 'pem' }) === publicPem;
}

/** What is wrong with the record of a key; null where DNS shows it. */
async function findRecordProblem(
  key: NextKey,
  domain: string,
  { dns, signal }: { readonly dns: Dns; readonly signal: AbortSignal },
): Promise<string | null> {
  const { name } = dkimRecord({ ...key, domain });
  const answer = await dns.resolve(name, 'TXT', { signal });
  switch (answer.kind) {
    case 'records':
      return answer.records.some((text) => shows(text, key)) ? null : `the record at ${name} has another key`;
    case 'failed':
      return `nobody could say what is at ${name}: ${answer.detail}`;
    default:
      return `there is no record at ${name}`;
  }
}

/** @throws `request.conflict` while DNS does not show every key. */
async function assertPublished(
  keys: readonly NextKey[],
  domain: string,
  { dns, context }: { readonly dns: Dns; readonly context: OperationContext },
): Promise<void> {
  const deadline = new AbortController();
  using _timer = context.clock.after(DNS_BUDGET_MS, () => deadline.abort());
  const problems = await Promise.all(
    keys.map((key) => findRecordProblem(key, domain, { dns, signal: deadline.signal })),
  );
  const said = problems.filter((problem) => problem !== null);
  if (said.length === 0) return;
  throw new AimxError('request.conflict', `DNS does not show the next keys: ${said.join('; ')}`, {
    hint: 'publish the records that --rotate printed and try again later; --force does not ask',
  });
}

/**
 * Lets prepared keys sign, and removes those that signed until now. The running daemon needs no telling.
 *
 * Each key changes in one step with its selector, so no message is signed under a record that has another
 * key. A crash in between leaves the rest to be done by the same command.
 *
 * @throws `request.conflict` where none are prepared, or DNS does not show them.
 */
export async function dkimActivate(
  input: DkimActivateInput,
  context: OperationContext,
  dns: Dns,
): Promise<DkimActivateOutput> {
  assertRoot(context);
  const { dkimSelector, domain: ownDomain } = requireConfig(context);
  const place = findKeyPlace(input.domain, context);
  const domain = place.domain ?? ownDomain;
  return await inKeyFolder(context, place.path, async (folder) => {
    const rsa = await readNext(folder, 'rsa', dkimSelector);
    if (rsa === null)
      throw new AimxError('request.conflict', `No key is prepared in ${place.path}`, {
        hint: 'aimx dkim-keygen --rotate prepares one',
      });
    const ed25519 = await readNext(folder, 'ed25519', dkimSelector);
    const next = ed25519 === null ? [rsa] : [rsa, ed25519];
    if (input.force !== true) await assertPublished(next, domain, { dns, context });
    const oldSelectors: string[] = [];
    for (const type of KEY_TYPES) {
      const old = await readKey(folder, { type, stage: 'current' });
      if (old.kind === 'key') oldSelectors.push(selectorOf(old, type, dkimSelector));
    }
    await activate(folder, next);
    const selectors = next.map(({ selector }) => selector);
    const keepUntil = epochMs(context.clock.now() + QUEUE_LIFETIME_MS + VERIFIED_LATE_MS);
    return {
      domain,
      selectors,
      old_records: oldSelectors
        .filter((selector) => !selectors.includes(selector))
        .map((selector) => `${selector}._domainkey.${domain}`),
      keep_old_records_until: formatInstant(keepUntil),
    };
  });
}

/** The RSA key is the last to lose its prepared file: as long as that is there, the command may be given again. */
async function activate(folder: Folder, next: readonly NextKey[]): Promise<void> {
  for (const type of KEY_TYPES) {
    const key = next.find((candidate) => candidate.type === type);
    // Without a successor it would sign on under a record that is to go.
    if (key === undefined) await removeKey(folder, { type, stage: 'current' });
    else await replaceKey(folder, { type, stage: 'current' }, key);
  }
  for (const type of KEY_TYPES.toReversed()) await removeKey(folder, { type, stage: 'next' });
}
