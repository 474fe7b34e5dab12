/** `dkim-keygen`: makes the key that outgoing mail is signed with, and the DNS record that publishes it. */
import { dkimRecord, generateDkimKey } from '../authentication/dkim-key.ts';
import { AimxError, isErrno } from '../system/errors.ts';
import type { Folder } from '../system/files.ts';
import { assertRoot } from './access.ts';
import type { CallOperation } from './operation.ts';

const PRIVATE_NAME = 'private.key';
const PUBLIC_NAME = 'public.key';
const SELECTOR = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

export interface DkimKeygenInput {
  /** The config's `dkim_selector`, or `aimx`, where absent. */
  readonly selector?: string | undefined;
  /** Replace a key that is there. */
  readonly force?: boolean | undefined;
}

export interface DkimKeygenOutput {
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

async function store(folder: Folder, name: string, text: string, mode: number): Promise<void> {
  await folder.writeFile(name, new TextEncoder().encode(text), { mode, durable: true });
}

/** Replaces both files so that a crash leaves the old key, the new one, or a temp file, and never half of one. */
async function replaceKey(folder: Folder, privatePem: string, publicPem: string): Promise<void> {
  for (const [name, text, mode] of [
    [PRIVATE_NAME, privatePem, 0o600],
    [PUBLIC_NAME, publicPem, 0o644],
  ] as const) {
    const temp = `.${name}.new`;
    await folder.removeFile(temp);
    await store(folder, temp, text, mode);
    const moved = await folder.moveTo(temp, folder, name);
    if (moved === 'moved') continue;
    await folder.exchangeWith(temp, folder, name);
    await folder.removeFile(temp);
  }
  await folder.sync();
}

export const dkimKeygen: CallOperation<DkimKeygenInput, DkimKeygenOutput> = {
  kind: 'call',
  summary: 'Makes a DKIM key and prints the DNS record for it.',
  who: 'root',
  errors: ['request.forbidden', 'request.conflict'],
  changes: false,
  async run(input, context) {
    assertRoot(context);
    const selector = input.selector ?? context.config?.dkimSelector ?? 'aimx';
    if (!SELECTOR.test(selector))
      throw new AimxError('request.invalid', `Cannot use ${JSON.stringify(selector)} as selector`, {
        hint: 'a selector is one DNS label: letters, digits and hyphens',
      });
    const path = `${context.configDir}/dkim`;
    await using folder = await context.files.ensureRoot(path, { mode: 0o700 });
    if (input.force !== true && (await folder.statEntry(PRIVATE_NAME)) !== null)
      throw new AimxError('request.conflict', `There is a key at ${path}/${PRIVATE_NAME} already`, {
        hint: 'use --force to replace it; the DNS record must then be replaced too',
      });
    const pair = generateDkimKey();
    try {
      await replaceKey(folder, pair.privatePem, pair.publicPem);
    } catch (error) {
      if (!isErrno(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
      throw new AimxError('request.forbidden', `You may not write to ${path}`, {
        hint: 'run the command with sudo, or set AIMX_CONFIG_DIR',
        cause: error,
      });
    }
    const domain = context.config?.domain ?? null;
    const record = dkimRecord({ selector, domain: domain ?? '<your domain>', publicPem: pair.publicPem });
    return {
      private_key: `${path}/${PRIVATE_NAME}`,
      public_key: `${path}/${PUBLIC_NAME}`,
      selector,
      record_name: domain === null ? null : record.name,
      record_value: record.value,
      zone_line: record.zoneLine,
    };
  },
};
