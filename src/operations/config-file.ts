/** What a `config.toml` says, its accounts looked up. The caller reads the file. */
import { type ConfigOutcome, parseConfig } from '../config/parse.ts';
import type { Accounts } from '../system/accounts.ts';
import type { Account } from '../system/passwd.ts';

export interface ConfigSource {
  /** As messages name it. */
  readonly path: string;
  readonly text: string;
  /** Processor cores, from which limits are derived. */
  readonly cores: number;
  readonly accounts: Pick<Accounts, 'lookup' | 'current'>;
  /** Who runs the daemon that the file is for; ourselves where absent. */
  readonly daemonUser?: Pick<Account, 'name' | 'uid'>;
}

/** Reads it twice: once for the owners that it names, and again knowing which of them exist. */
export async function evaluateConfig(source: ConfigSource): Promise<ConfigOutcome> {
  const { path, text, cores, accounts } = source;
  const current = source.daemonUser ?? accounts.current();
  const options = { path, currentUser: current.name, isRoot: current.uid === 0, cores };
  const first = parseConfig(text, options);
  if (first.kind === 'invalid') return first;
  const known = new Set<string>([current.name]);
  for (const { owner } of first.config.mailboxes) {
    if (owner === null || known.has(owner)) continue;
    // A directory that does not answer is no proof that an account is missing.
    const exists = await accounts.lookup(owner).then(
      (account) => account !== null,
      () => true,
    );
    if (exists) known.add(owner);
  }
  return parseConfig(text, { ...options, hasAccount: (name) => known.has(name) });
}
