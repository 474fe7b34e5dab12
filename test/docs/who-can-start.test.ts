/** What "Who can start my agent?" shows is what its commands print, for really signed mail and real DNS. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { eventually, Place, type RunJson, rootOnly, Server } from '../system/cli/program.ts';
import { send } from '../system/daemon/mail.ts';
import { type DnsServer, startDnsServer } from '../system/dns/dns-server.ts';
import { signingDomain } from '../system/signed-mail.ts';
import { ROOT, readPage } from './pages.ts';
import { fencedBlocks, playCommand, recordedCommands } from './recorded-session.ts';

const PAGE = 'docs/how-to/who-can-start-my-agent.md';
const CORP = signingDomain('corp.example');
const MAILER = signingDomain('mailer.example');

/** The page's own configuration, with a hook and an owner that every machine has. */
function pageConfig(page: string): string {
  const [config = ''] = fencedBlocks(page, 'toml');
  assert.match(config, /cmd = \["\/usr\/local\/bin\/pay"\]/);
  return config.replace('"/usr/local/bin/pay"', '"/bin/cat"').replace('owner = "agent"', 'owner = "nobody"');
}

/** A server with the page's mailbox, and the three letters that the page tells of. */
class World implements AsyncDisposable {
  readonly #dns: DnsServer;
  readonly #place: Place;
  readonly #server: Server;

  private constructor(dns: DnsServer, place: Place, server: Server) {
    this.#dns = dns;
    this.#place = place;
    this.#server = server;
  }

  static async open(page: string): Promise<World> {
    const dns = await startDnsServer({ records: { TXT: { ...CORP.txt, ...MAILER.txt } } });
    const place = new Place(pageConfig(page), { dnsServers: [dns.address] });
    return new World(dns, place, await Server.serve(place));
  }

  /** Leaves the message in `<subject>.eml`, too. */
  async letter(from: string, subject: string, signer: typeof CORP): Promise<void> {
    const content = await signer.compose({
      ...{ from, to: 'agent@example.com', subject },
      text: 'Please pay invoice 17.',
    });
    writeFileSync(join(this.#place.folder, `${subject}.eml`), content, 'latin1');
    const envelopeFrom = `bounce@${signer.name}`;
    assert.match((await send(this.#server.port, { from: envelopeFrom, content })) ?? '', /^250 /);
    await eventually(`the run of ${subject}`, async () => {
      const { runs } = await this.#place.json<{ runs: readonly RunJson[] }>('runs', 'list');
      const run = runs.find(({ id }) => id.endsWith(subject));
      return run?.state === 'held' || run?.state === 'succeeded';
    });
  }

  /** Puts bob on the list, as the page says, and has it read. */
  async trustBob(page: string): Promise<void> {
    const config = pageConfig(page).replace('"ann@corp.example"', '"ann@corp.example", "bob@corp.example"');
    this.#place.configure(config);
    this.#server.signal('SIGHUP');
    await this.#server.said('config.reloaded');
  }

  async run(command: string): Promise<string> {
    const env = {
      ...this.#place.environment,
      PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}`,
      NO_COLOR: '1',
    };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], {
      cwd: this.#place.folder,
      env,
    });
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#place[Symbol.dispose]();
    await this.#dns[Symbol.asyncDispose]();
  }
}

test(`${PAGE}: every command prints what the page shows`, rootOnly, async () => {
  const page = readPage(PAGE);
  await using world = await World.open(page);
  await world.letter('ann@corp.example', 'invoice', CORP);
  await world.letter('bob@corp.example', 'question', CORP);
  await world.letter('ann@corp.example', 'forged', MAILER);
  const names = new Map<string, string>();
  const [before = '', after = ''] = page.split('### After you have changed something');
  const play = async (part: string): Promise<number> => {
    const commands = fencedBlocks(part, 'console').flatMap(recordedCommands);
    for (const command of commands) await playCommand(command, names, (named) => world.run(named));
    return commands.length;
  };
  assert.ok((await play(before)) > 3);
  await world.trustBob(page);
  assert.ok((await play(after)) > 0);
});
