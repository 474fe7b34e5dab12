/**
 * The keys that sign what leaves, from their files (key-files.ts).
 *
 * Files are read for every message, which costs nothing beside a signature: what was put there is used
 * from the next message on, without a restart, and nothing has to notice a change.
 */
import type { SigningKey, SigningKeys } from '../authentication/dkim/signing.ts';
import { type DkimKeyType, type ParsedPrivateKey, parsePrivateKey } from '../authentication/dkim-key.ts';
import { isErrno } from '../system/errors.ts';
import type { Files, Folder } from '../system/files.ts';
import type { Log } from '../system/log.ts';
import {
  defaultSelector,
  fileProblem,
  KEY_TYPES,
  type KeyConfig,
  type KeyReading,
  keyFolderOf,
  privateKeyName,
  readKey,
} from './key-files.ts';

export interface SigningKeysWorld {
  readonly files: Files;
  /** Absolute: where `dkim/` lies. */
  readonly configDir: string;
  /** As it is now; null where there is none. */
  readonly config: () => KeyConfig | null;
}

export interface KeyStanding {
  /** Domains whose mail leaves unsigned, and why. */
  readonly problems: readonly string[];
  /** What signs and should be mended. */
  readonly warnings: readonly string[];
}

export interface FileSigningKeys extends SigningKeys {
  /** How the keys of all our domains stand, one sentence each. Never rejects for what a file is. */
  standing(): Promise<KeyStanding>;
}

interface DomainKeys {
  readonly keys: readonly SigningKey[];
  readonly problem: string | null;
  readonly warnings: readonly string[];
}

const ALGORITHMS: Readonly<Record<DkimKeyType, SigningKey['algorithm']>> = {
  rsa: 'rsa-sha256',
  ed25519: 'ed25519-sha256',
};

/** One file of each type for each domain; beyond it, the oldest is parsed again. */
const PARSED_KEYS_MAX = 256;

/** Remembers what texts were parsed to. */
function rememberingParser(): (text: string) => ParsedPrivateKey {
  const known = new Map<string, ParsedPrivateKey>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const parsed = parsePrivateKey(text);
    if (known.size === PARSED_KEYS_MAX) known.delete(known.keys().next().value ?? '');
    known.set(text, parsed);
    return parsed;
  };
}

function unsigned(problem: string): DomainKeys {
  return { keys: [], problem, warnings: [] };
}

class KeysFromFiles implements FileSigningKeys {
  readonly #world: SigningKeysWorld;
  readonly #parse = rememberingParser();

  constructor(world: SigningKeysWorld) {
    this.#world = world;
  }

  async keysFor(domain: string): Promise<{ keys: readonly SigningKey[]; problem: string | null }> {
    const { keys, problem } = await this.#read(domain);
    return { keys, problem };
  }

  async standing(): Promise<KeyStanding> {
    const config = this.#world.config();
    const domains = config === null ? [] : [config.domain, ...config.domains];
    const all = await Promise.all(domains.map((domain) => this.#read(domain)));
    return {
      problems: all.flatMap(({ problem }) => problem ?? []),
      warnings: [...new Set(all.flatMap(({ warnings }) => warnings))],
    };
  }

  async #read(domain: string): Promise<DomainKeys> {
    const config = this.#world.config();
    if (config === null) return unsigned('There is no config that says whose keys these are');
    const place = keyFolderOf(domain, { configDir: this.#world.configDir, config });
    if (place === null) return unsigned(`${domain} is not one of our domains, and nothing of it is signed`);
    const own = await this.#readFolder(place, config);
    if (own.keys.length > 0 || !place.domain.endsWith(`.${config.domain}`)) return own;
    // RFC 7489 §3.1.1: a signature of the domain above is aligned too, unless the policy is strict.
    const above = await this.#read(config.domain);
    return above.keys.length > 0 ? above : own;
  }

  async #readFolder(
    { domain, path }: { readonly domain: string; readonly path: string },
    config: KeyConfig,
  ): Promise<DomainKeys> {
    try {
      await using folder = await this.#world.files.openRoot(path);
      return await this.#readKeys(folder, domain, config);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return unsigned(absence(domain, path, config));
      const detail = fileProblem(error);
      if (detail === null) throw error;
      return unsigned(`The keys in ${path} cannot be read: ${detail}`);
    }
  }

  async #readKeys(folder: Folder, domain: string, config: KeyConfig): Promise<DomainKeys> {
    const keys: SigningKey[] = [];
    const unusable: string[] = [];
    const warnings: string[] = [];
    for (const type of KEY_TYPES) {
      const reading: KeyReading = await readKey(folder, { type, stage: 'current' }, this.#parse);
      if (reading.kind === 'unusable') unusable.push(reading.problem);
      if (reading.kind !== 'key') continue;
      const selector = reading.key.selector ?? defaultSelector(type, config.dkimSelector);
      const { privateKey } = reading.key;
      keys.push({ algorithm: ALGORITHMS[type], domain, selector, privateKey });
      warnings.push(...reading.warnings);
    }
    if (keys.length === 0) {
      const problem = unusable.length > 0 ? unusable.join('; ') : absence(domain, folder.path, config);
      return { keys, problem, warnings };
    }
    if (!keys.some(({ algorithm }) => algorithm === ALGORITHMS.rsa))
      warnings.push(`${domain} signs with Ed25519 alone, which not everybody can verify`);
    return { keys, problem: null, warnings: [...unusable, ...warnings] };
  }
}

function absence(domain: string, path: string, config: KeyConfig): string {
  const command = domain === config.domain ? 'aimx dkim-keygen' : `aimx dkim-keygen --domain ${domain}`;
  return `There is no DKIM key for ${domain} at ${path}/${privateKeyName('rsa', 'current')}; ${command} makes one`;
}

/** Keys are read when they are asked for: nothing is opened here. */
export function createSigningKeys(world: SigningKeysWorld): FileSigningKeys {
  return new KeysFromFiles(world);
}

/** Says at the start what would be noticed otherwise by those alone to whom mail is sent (contract §1). */
export async function logKeyStanding(keys: FileSigningKeys, log: Log): Promise<void> {
  const { problems, warnings } = await keys.standing();
  for (const problem of problems) log.warn('dkim.no-key', { problem });
  for (const problem of warnings) log.warn('dkim.key-doubtful', { problem });
}
