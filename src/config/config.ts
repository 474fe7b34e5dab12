/**
 * The configuration as the program uses it: validated, with defaults filled in, durations in
 * milliseconds and sizes in bytes. How it is written in `config.toml` stands in contract §2.
 *
 * Pure: reading the file is the caller's business.
 */

export interface Config {
  /** Lower case. */
  readonly domain: string;
  /** More domains that are ours, lower case, without `domain`. */
  readonly domains: readonly string[];
  readonly hostname: string;
  readonly dataDir: string;
  readonly dkimSelector: string;
  readonly trust: TrustPolicy;
  readonly trustedSenders: readonly string[];
  readonly signature: string | null;
  readonly verifyHost: string | null;
  readonly enableIpv6: boolean;
  readonly keepRawMs: number;
  readonly dedup: { readonly mode: DedupMode; readonly windowMs: number };
  readonly smtp: SmtpConfig;
  readonly hooks: {
    readonly maxConcurrent: number;
    readonly maxPerMailbox: number;
    readonly timeoutSeconds: number;
  };
  /** `servers` null: the system's; none: nobody is asked, and nobody is authenticated. */
  readonly dns: { readonly servers: readonly string[] | null; readonly timeoutMs: number };
  readonly tls: {
    readonly certPath: string;
    readonly keyPath: string;
    /** Named by the operator: absent files are an error. */
    readonly explicit: boolean;
  };
  readonly http: {
    readonly listen: string;
    readonly certPath: string | null;
    readonly keyPath: string | null;
  } | null;
  readonly journal: { readonly allowMemory: boolean };
  readonly outbound: OutboundConfig;
  readonly arcSealers: readonly string[];
  /** In file order. */
  readonly mailboxes: readonly MailboxConfig[];
}

export type TrustPolicy = 'none' | 'verified';
export type DedupMode = 'content' | 'message-id' | 'off';

export interface SmtpConfig {
  /** `host:port`, in order; `[::]:25` for IPv6. */
  readonly bind: readonly string[];
  readonly maxMessageBytes: number;
  readonly maxRecipients: number;
  readonly commandTimeoutMs: number;
  readonly dataTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly tlsTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Mailbox that takes `postmaster` where no other does; null: the first mailbox. */
  readonly postmaster: string | null;
}

export interface OutboundConfig {
  /** Port of the servers that mail is sent to. */
  readonly port: number;
  /** Everything goes through it; null: each domain's own servers. */
  readonly relay: { readonly host: string; readonly port: number } | null;
  readonly relayUser: string | null;
  /** Absolute. */
  readonly relayPasswordFile: string | null;
  /** Also send to loopback and private addresses; a named relay may be one without it. */
  readonly allowPrivate: boolean;
  readonly maxConnections: number;
  readonly maxPerDestination: number;
}

export interface MailboxConfig {
  readonly name: string;
  /** As written; local part and domain lower case. `*@<domain>` is the catchall. */
  readonly address: string;
  readonly aliases: readonly string[];
  /** Linux user; null: the daemon's user. */
  readonly owner: string | null;
  readonly trust: TrustPolicy;
  readonly trustedSenders: readonly string[];
  readonly trustSpf: boolean;
  readonly requireAddressed: boolean;
  readonly dedupMode: DedupMode;
  /** Hooks at once; null: `hooks.maxPerMailbox`. */
  readonly maxConcurrent: number | null;
  /** Text under what it sends; null: the top level's; `""`: none. */
  readonly signature: string | null;
  /** What it sends waits for `aimx queue approve`. */
  readonly approve: boolean;
  /** Globs over whole addresses; null: to anybody. */
  readonly allowRecipients: readonly string[] | null;
  readonly blockRecipients: readonly string[];
  /** Null: no limit. */
  readonly maxSendsPerHour: number | null;
  readonly maxNewRecipientsPerDay: number | null;
  readonly hooks: readonly HookConfig[];
}

export interface HookConfig {
  /** Unique over all mailboxes; derived when absent in the file (contract §6). */
  readonly name: string;
  readonly event: 'on_receive' | 'after_send';
  /** argv; the first is absolute. */
  readonly cmd: readonly [string, ...string[]];
  readonly timeoutSeconds: number;
  readonly fireOnUntrusted: boolean;
  readonly retries: number;
  readonly onInterrupt: 'report' | 'retry';
  readonly maxConcurrent: number | null;
  readonly env: Readonly<Record<string, string>>;
}
