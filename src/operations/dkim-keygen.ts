/**
 * `dkim-keygen`: makes the keys that outgoing mail is signed with, and the DNS records that publish them.
 *
 * A rotation has two steps, since a signature is worth nothing before DNS shows its key: `rotate` prepares
 * keys under another selector, which do not sign yet; dkim-activate.ts lets them.
 */
import { type DkimKeyType, dkimRecord, generateDkimKey, withSelector } from '../authentication/dkim-key.ts';
import { selectorName } from '../config/rules.ts';
import { AimxError, isErrno } from '../system/errors.ts';
import type { Folder } from '../system/files.ts';
import { assertRoot, requireConfig } from './access.ts';
import {
  defaultSelector,
  type KeyStage,
  keyFolderOf,
  privateKeyName,
  publicKeyName,
  readKey,
  removeKey,
  replaceKey,
} from './key-files.ts';
import type { CallOperation, OperationContext } from './operation.ts';

/** As `dkim_selector` is where no config says otherwise. */
const DEFAULT_SELECTOR = 'aimx';

/** Stands in a record where no config says which domain is ours. */
const UNKNOWN_DOMAIN = '<your domain>';

export interface DkimKeygenInput {
  /** Default: the config's `dkim_selector`, or `aimx`; of a rotation: the present one with the next number. */
  readonly selector?: string | undefined;
  /** One of our domains; the config's `domain` where absent. */
  readonly domain?: string | undefined;
  /** Replace keys that are there. */
  readonly force?: boolean | undefined;
  /** No Ed25519 key beside it. */
  readonly rsaOnly?: boolean | undefined;
  /** Prepare the next keys; those that sign go on. */
  readonly rotate?: boolean | undefined;
}

/** One key that was made. Names are stable. */
export interface DkimKeyView {
  readonly private_key: string;
  readonly public_key: string;
  readonly selector: string;
  /** Null where no config says which domain is ours. */
  readonly record_name: string | null;
  /** Value of the TXT record, whole. */
  readonly record_value: string;
  /** The record as one line of a zone file. */
  readonly zone_line: string;
}

export interface DkimKeygenOutput extends DkimKeyView {
  /** Null with `rsaOnly`. */
  readonly ed25519: DkimKeyView | null;
  /** False for prepared keys: `aimx dkim-keygen --activate` lets them sign. */
  readonly signs: boolean;
}

export interface KeyPlace {
  /** Null where no config says it. */
  readonly domain: string | null;
  readonly path: string;
}

/** @throws `request.not-found` for a domain that is not ours, `config.missing` where one is named without a config. */
export function findKeyPlace(domain: string | undefined, context: OperationContext): KeyPlace {
  const { configDir } = context;
  if (domain === undefined && context.config === null) return { domain: null, path: `${configDir}/dkim` };
  const config = requireConfig(context);
  const place = keyFolderOf(domain ?? config.domain, { configDir, config });
  if (place !== null) return place;
  throw new AimxError('request.not-found', `${JSON.stringify(domain)} is not one of our domains`, {
    hint: `the config has ${[config.domain, ...config.domains].join(', ')}`,
  });
}

/** Opens the folder, and says what to do where it may not be written to. */
export async function inKeyFolder<Result>(
  context: OperationContext,
  path: string,
  use: (folder: Folder) => Promise<Result>,
): Promise<Result> {
  try {
    await using folder = await context.files.ensureRoot(path, { mode: 0o700 });
    return await use(folder);
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    throw new AimxError('request.forbidden', `You may not write to ${path}`, {
      hint: 'run the command with sudo, or set AIMX_CONFIG_DIR',
      cause: error,
    });
  }
}

/** @throws `request.invalid` for what is no name in DNS, the second key's included. */
function checkSelector(selector: string): string {
  const isName = (text: string): boolean =>
    selectorName.parse(text) !== null && text.split('.').every((label) => label.length <= 63);
  if (isName(selector) && isName(defaultSelector('ed25519', selector))) return selector;
  throw new AimxError('request.invalid', `Cannot use ${JSON.stringify(selector)} as selector`, {
    hint: 'a selector is labels of DNS: letters, digits and hyphens, at most 60 characters each',
  });
}

/** `aimx` → `aimx2`, `aimx2` → `aimx3`, `s09` → `s10`. */
export function nextSelector(selector: string): string {
  const [, stem = '', digits = ''] = /^(.*?)(\d{0,9})$/.exec(selector) ?? [];
  return digits === '' ? `${stem}2` : stem + String(Number(digits) + 1).padStart(digits.length, '0');
}

interface Plan {
  readonly place: KeyPlace;
  readonly stage: KeyStage;
  readonly selector: string;
  /** What a key file without a selector of its own stands for. */
  readonly configSelector: string | null;
}

async function makeKey(type: DkimKeyType, folder: Folder, plan: Plan): Promise<DkimKeyView> {
  const { place, stage, configSelector } = plan;
  const selector = defaultSelector(type, plan.selector);
  const { privatePem, publicPem } = await generateDkimKey(type);
  // The first key goes with the config, as it always has; a prepared one keeps the name it was published by.
  const isConfigs =
    stage === 'current' && configSelector !== null && selector === defaultSelector(type, configSelector);
  const privateText = isConfigs ? privatePem : withSelector(privatePem, selector);
  await replaceKey(folder, { type, stage }, { privateText, publicPem });
  const record = dkimRecord({ selector, domain: place.domain ?? UNKNOWN_DOMAIN, publicPem });
  return {
    private_key: `${place.path}/${privateKeyName(type, stage)}`,
    public_key: `${place.path}/${publicKeyName(type, stage)}`,
    selector,
    record_name: place.domain === null ? null : record.name,
    record_value: record.value,
    zone_line: record.zoneLine,
  };
}

/** @throws `request.conflict` where keys are there that nobody asked to replace, or none to rotate. */
async function decideSelector(
  folder: Folder,
  input: DkimKeygenInput,
  configSelector: string,
): Promise<string> {
  const { path } = folder;
  const current = await readKey(folder, { type: 'rsa', stage: 'current' });
  if (input.rotate !== true) {
    if (current.kind === 'absent' || input.force === true) return input.selector ?? configSelector;
    throw new AimxError(
      'request.conflict',
      `There is a key at ${path}/${privateKeyName('rsa', 'current')} already`,
      {
        hint: 'use --force to replace it, and replace the DNS record too; --rotate changes it without a gap',
      },
    );
  }
  if (current.kind !== 'key')
    throw new AimxError('request.conflict', `There is no key in ${path} that could be rotated`, {
      hint: current.kind === 'unusable' ? current.problem : 'make the first one with aimx dkim-keygen',
    });
  if (input.force !== true && (await folder.statEntry(privateKeyName('rsa', 'next'))) !== null)
    throw new AimxError('request.conflict', `The next key is prepared already in ${path}`, {
      hint: 'aimx dkim-keygen --activate lets it sign once DNS shows it; --rotate --force makes another',
    });
  const present = current.key.selector ?? configSelector;
  const selector = input.selector ?? nextSelector(present);
  if (selector !== present) return selector;
  throw new AimxError('request.invalid', `The keys that sign have the selector ${JSON.stringify(present)}`, {
    hint: 'give the next ones another: verifiers need both records for a while',
  });
}

export const dkimKeygen: CallOperation<DkimKeygenInput, DkimKeygenOutput> = {
  kind: 'call',
  summary: 'Makes DKIM keys, RSA and Ed25519, and prints the DNS records for them.',
  who: 'root',
  errors: ['request.forbidden', 'request.conflict', 'request.not-found'],
  changes: false,
  async run(input, context) {
    assertRoot(context);
    if (input.selector !== undefined) checkSelector(input.selector);
    const place = findKeyPlace(input.domain, context);
    const configSelector = context.config?.dkimSelector ?? null;
    const stage = input.rotate === true ? 'next' : 'current';
    return await inKeyFolder(context, place.path, async (folder) => {
      const selector = await decideSelector(folder, input, configSelector ?? DEFAULT_SELECTOR);
      const plan = { place, stage, selector: checkSelector(selector), configSelector } as const;
      const rsa = await makeKey('rsa', folder, plan);
      const ed25519 = input.rsaOnly === true ? null : await makeKey('ed25519', folder, plan);
      // Of keys that are replaced none stays: it would sign under a record that is to go.
      if (ed25519 === null) await removeKey(folder, { type: 'ed25519', stage });
      return { ...rsa, ed25519, signs: stage === 'current' };
    });
  },
};
