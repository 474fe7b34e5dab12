/** What the command line says over the file (contract §1). */
import type { Config } from './config.ts';

export interface ConfigOverrides {
  /** Absolute. */
  readonly dataDir?: string;
  /** `host:port`, in order. */
  readonly bind?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** @returns the config with every override that was given in the place of its key. */
export function withOverrides(config: Config, overrides: ConfigOverrides): Config {
  const { dataDir, bind, tlsCert, tlsKey } = overrides;
  return {
    ...config,
    dataDir: dataDir ?? config.dataDir,
    smtp: { ...config.smtp, bind: bind ?? config.smtp.bind },
    tls: {
      ...config.tls,
      certPath: tlsCert ?? config.tls.certPath,
      keyPath: tlsKey ?? config.tls.keyPath,
      // A file that was named must be there; the default ones may be absent.
      explicit: config.tls.explicit || tlsCert !== undefined || tlsKey !== undefined,
    },
  };
}
