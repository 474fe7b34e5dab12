/**
 * Where DKIM keys lie, and how their files are read and replaced.
 *
 *     <config dir>/dkim/private.key          RSA, PKCS#1 or PKCS#8 PEM, 0600     contract §1
 *     <config dir>/dkim/public.key           SPKI PEM, 0644                      contract §1
 *     <config dir>/dkim/ed25519.key          the second key, PKCS#8 PEM, 0600
 *     <config dir>/dkim/ed25519-public.key   SPKI PEM, 0644
 *     <config dir>/dkim/….next               keys that are prepared and do not sign yet
 *     <config dir>/dkim/<domain>/…           the same for each further domain of the config
 *
 * Private files may begin with a line `Selector: <name>`; without it, the name is the config's
 * `dkim_selector` (and that with `-ed` behind it for Ed25519).
 */
import { parseDomain } from '../address/domain.ts';
import { type DkimKeyType, type ParsedPrivateKey, parsePrivateKey } from '../authentication/dkim-key.ts';
import type { Config } from '../config/config.ts';
import { AimxError, isErrno } from '../system/errors.ts';
import type { Folder } from '../system/files.ts';

/** What decides which keys are ours. */
export type KeyConfig = Pick<Config, 'domain' | 'domains' | 'dkimSelector'>;

export const KEY_TYPES: readonly DkimKeyType[] = ['rsa', 'ed25519'];

const PRIVATE_NAMES: Readonly<Record<DkimKeyType, string>> = { rsa: 'private.key', ed25519: 'ed25519.key' };
const PUBLIC_NAMES: Readonly<Record<DkimKeyType, string>> = {
  rsa: 'public.key',
  ed25519: 'ed25519-public.key',
};

/** A key of 16384 bits has 13 KiB. */
const KEY_FILE_BYTES_MAX = 64 * 1024;

/** What a private key may be to others: nothing. */
const OTHERS_BITS = 0o077;

/** Which of the two keys of a type. */
export type KeyStage = 'current' | 'next';

export function privateKeyName(type: DkimKeyType, stage: KeyStage): string {
  return PRIVATE_NAMES[type] + (stage === 'next' ? '.next' : '');
}

export function publicKeyName(type: DkimKeyType, stage: KeyStage): string {
  return PUBLIC_NAMES[type] + (stage === 'next' ? '.next' : '');
}

/** The name under which a key without one of its own is published. */
export function defaultSelector(type: DkimKeyType, rsaSelector: string): string {
  return type === 'rsa' ? rsaSelector : `${rsaSelector}-ed`;
}

/**
 * The folder for a domain's keys.
 *
 * @returns The domain as A-labels with its folder; null where it is not ours.
 */
export function keyFolderOf(
  domain: string,
  { configDir, config }: { readonly configDir: string; readonly config: KeyConfig },
): { readonly domain: string; readonly path: string } | null {
  const parsed = parseDomain(domain);
  if (parsed.kind !== 'parsed') return null;
  if (parsed.value === config.domain) return { domain: parsed.value, path: `${configDir}/dkim` };
  if (!config.domains.includes(parsed.value)) return null;
  return { domain: parsed.value, path: `${configDir}/dkim/${parsed.value}` };
}

/** What an error of the file system says, for a sentence; null for one that is no such error. */
export function fileProblem(error: unknown): string | null {
  if (error instanceof AimxError) return error.message;
  if (isErrno(error, 'EACCES', 'EPERM')) return 'permission denied';
  return error instanceof Error && 'code' in error ? error.message : null;
}

export type KeyReading =
  | { readonly kind: 'absent' }
  /** `problem` is a sentence without a full stop that names the file. */
  | { readonly kind: 'unusable'; readonly problem: string }
  | {
      readonly kind: 'key';
      readonly key: Extract<ParsedPrivateKey, { kind: 'key' }>;
      /** What the file holds. */
      readonly text: string;
      /** What is doubtful about it, one sentence each. */
      readonly warnings: readonly string[];
    };

/** Parsing costs a hundred times as much as reading: texts that were parsed before are known. */
export type ParseKey = (text: string) => ParsedPrivateKey;

/** Reads one private key. Rejects for nothing that a file can be. */
export async function readKey(
  folder: Folder,
  which: { readonly type: DkimKeyType; readonly stage: KeyStage },
  parse: ParseKey = parsePrivateKey,
): Promise<KeyReading> {
  const name = privateKeyName(which.type, which.stage);
  const path = `${folder.path}/${name}`;
  try {
    const { bytes, stat } = await folder.readHead(name, { maxBytes: KEY_FILE_BYTES_MAX });
    const text = Buffer.from(bytes).toString('latin1');
    const key = parse(text);
    if (key.kind === 'unusable') return { kind: 'unusable', problem: `The key ${path} ${key.reason}` };
    if (key.type !== which.type)
      return { kind: 'unusable', problem: `The key ${path} is of the type ${key.type}, not ${which.type}` };
    const warnings: string[] = [];
    if (key.doubt !== null) warnings.push(`The key ${path} ${key.doubt}`);
    if ((stat.mode & OTHERS_BITS) !== 0)
      warnings.push(`The key ${path} can be read by others: chmod 600 ${path}`);
    return { kind: 'key', key, text, warnings };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { kind: 'absent' };
    const detail = fileProblem(error);
    if (detail === null) throw error;
    return { kind: 'unusable', problem: `The key ${path} cannot be read: ${detail}` };
  }
}

/**
 * Puts a file in the place of what has its name, so that a crash leaves the old one, the new one, or a
 * temp file beside it, and never half of one.
 */
async function replaceFile(folder: Folder, name: string, text: string, mode: number): Promise<void> {
  const temp = `.${name}.new`;
  await folder.removeFile(temp);
  await folder.writeFile(temp, new TextEncoder().encode(text), { mode, durable: true });
  const moved = await folder.moveTo(temp, folder, name);
  if (moved === 'moved') return;
  await folder.exchangeWith(temp, folder, name);
  await folder.removeFile(temp);
}

/** Replaces both files of a key, the one that signs last; durable when it resolves. */
export async function replaceKey(
  folder: Folder,
  which: { readonly type: DkimKeyType; readonly stage: KeyStage },
  key: { readonly privateText: string; readonly publicPem: string },
): Promise<void> {
  await replaceFile(folder, publicKeyName(which.type, which.stage), key.publicPem, 0o644);
  await replaceFile(folder, privateKeyName(which.type, which.stage), key.privateText, 0o600);
  await folder.sync();
}

/** Removes both files of a key; absent ones are no error. Durable when it resolves. */
export async function removeKey(
  folder: Folder,
  which: { readonly type: DkimKeyType; readonly stage: KeyStage },
): Promise<void> {
  await folder.removeFile(privateKeyName(which.type, which.stage));
  await folder.removeFile(publicKeyName(which.type, which.stage));
  await folder.sync();
}
