import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Config } from './config.ts';
import { type ParseOptions, parseConfig } from './parse.ts';
import { formatProblem } from './problem.ts';

const OPTIONS: ParseOptions = {
  path: 'c.toml',
  currentUser: 'sam',
  isRoot: false,
  cores: 2,
  hasAccount: (name) => name !== 'ghost',
};
const ROOT: ParseOptions = { ...OPTIONS, currentUser: 'root', isRoot: true };

function valid(text: string, options: ParseOptions = OPTIONS): Config {
  const outcome = parseConfig(text, options);
  assert.equal(outcome.kind, 'valid', JSON.stringify(outcome, null, 1));
  return outcome.kind === 'valid' ? outcome.config : assert.fail();
}

/** The problems as lines; each must contain what is expected at its place, and no more are found. */
function check(
  text: string,
  expected: { readonly errors?: readonly string[]; readonly warnings?: readonly string[] },
  options: ParseOptions = OPTIONS,
): void {
  const outcome = parseConfig(text, options);
  const problems = outcome.kind === 'valid' ? [] : outcome.problems;
  for (const [found, wanted] of [
    [problems, expected.errors ?? []],
    [outcome.warnings, expected.warnings ?? []],
  ] as const) {
    const lines = found.map(formatProblem);
    const fits =
      lines.length === wanted.length && lines.every((line, index) => line.includes(wanted[index] ?? ''));
    assert.ok(
      fits,
      `in\n${text}\nwanted ${JSON.stringify(wanted, null, 1)}\nfound ${JSON.stringify(lines, null, 1)}`,
    );
  }
}

const MINIMAL = 'domain = "example.com"\n[mailboxes.sam]\naddress = "sam@example.com"\n';
/** Lines before what follows `HOOK`: the hook's table is line 4. */
const HOOK = `${MINIMAL}[[mailboxes.sam.hooks]]\nevent = "on_receive"\ncmd = ["/bin/true"]\n`;
const top = (lines: string): string =>
  `domain = "example.com"\n${lines}\n[mailboxes.sam]\naddress = "sam@example.com"\n`;

test('parseConfig() fills in every default of the contract', () => {
  const minute = 60_000;
  const day = 1440 * minute;
  assert.deepEqual(valid(HOOK), {
    domain: 'example.com',
    domains: [],
    hostname: 'example.com',
    dataDir: '/var/lib/aimx',
    dkimSelector: 'aimx',
    trust: 'none',
    trustedSenders: [],
    signature: null,
    verifyHost: null,
    enableIpv6: false,
    keepRawMs: 30 * day,
    dedup: { mode: 'content', windowMs: 35 * day },
    smtp: {
      bind: ['0.0.0.0:25'],
      maxMessageBytes: 25 * 1024 * 1024,
      maxRecipients: 100,
      commandTimeoutMs: 5 * minute,
      dataTimeoutMs: 3 * minute,
      sessionTimeoutMs: 30 * minute,
      tlsTimeoutMs: minute / 2,
      maxConnections: 500,
      maxConnectionsPerAddress: 100,
      postmaster: null,
    },
    hooks: { maxConcurrent: 8, maxPerMailbox: 4, timeoutSeconds: 60 },
    dns: { servers: null, timeoutMs: 5000 },
    tls: { certPath: '/etc/ssl/aimx/cert.pem', keyPath: '/etc/ssl/aimx/key.pem', explicit: false },
    http: null,
    journal: { allowMemory: false },
    outbound: {
      port: 25,
      relay: null,
      relayUser: null,
      relayPasswordFile: null,
      allowPrivate: false,
      maxConnections: 20,
      maxPerDestination: 2,
    },
    arcSealers: [],
    mailboxes: [
      {
        name: 'sam',
        address: 'sam@example.com',
        aliases: [],
        owner: null,
        trust: 'none',
        trustedSenders: [],
        trustSpf: false,
        requireAddressed: false,
        dedupMode: 'content',
        maxConcurrent: null,
        signature: null,
        approve: false,
        allowRecipients: null,
        blockRecipients: [],
        maxSendsPerHour: null,
        maxNewRecipientsPerDay: null,
        hooks: [
          {
            name: valid(HOOK).mailboxes[0]?.hooks[0]?.name,
            event: 'on_receive',
            cmd: ['/bin/true'],
            timeoutSeconds: 60,
            fireOnUntrusted: false,
            retries: 0,
            onInterrupt: 'report',
            maxConcurrent: null,
            env: {},
          },
        ],
      },
    ],
  });
  assert.equal(valid(MINIMAL, { ...OPTIONS, cores: 16 }).hooks.maxConcurrent, 64);
});

test('parseConfig() reads every key of the contract without a word', () => {
  const config = valid(`
domain = "Example.COM"
domains = ["example.org", "EXAMPLE.com"]
hostname = "mx.example.com"
data_dir = "/srv/aimx"
dkim_selector = "s2026.a"
trust = "verified"
trusted_senders = ["*@example.net", "{a,b}@x.org", "[a-z]?@y.org"]
verify_host = "https://check.example.net"
enable_ipv6 = true
signature = ""
keep_raw = "7d"
arc_sealers = ["lists.example.net"]
[upgrade]
release_manifest_url = "https://example.net/m.json"
[outbound]
port = 2525
relay = "smtp.example.net:587"
relay_user = "u"
relay_password_file = "/etc/aimx/relay"
allow_private = false
max_connections = 5
max_per_destination = 1
[dedup]
mode = "content"
window = "10d"
[smtp]
bind = ["127.0.0.1:2525", "[::1]:2525"]
max_message_size = 1048576
max_recipients = 200
command_timeout = "90s"
data_timeout = "1m"
session_timeout = "1h"
tls_timeout = "5000ms"
max_connections = 10
max_connections_per_address = 2
postmaster = "catchall"
[hooks]
max_concurrent = 3
max_per_mailbox = 2
timeout_secs = 900
[dns]
servers = ["127.0.0.1:53"]
timeout = "2s"
[tls]
cert = "/c.pem"
key = "/k.pem"
[http]
listen = "127.0.0.1:8025"
[journal]
[mailboxes.agent]
address = "Agent@Example.com"
aliases = ["help", "info@example.org"]
owner = "sam"
trust = "none"
trusted_senders = []
trust_spf = true
require_addressed = true
dedup = "content"
max_concurrent = 1
signature = "-- me"
approve = true
allow_recipients = ["*@example.net"]
block_recipients = []
max_sends_per_hour = 10
max_new_recipients_per_day = 5
[[mailboxes.agent.hooks]]
name = "first"
event = "on_receive"
type = "cmd"
cmd = ["/bin/sh", "-c", "cat"]
timeout_secs = 86400
fire_on_untrusted = true
retries = 2
on_interrupt = "retry"
max_concurrent = 1
env = { LANG = "C.UTF-8", X_1 = "" }
[[mailboxes.agent.hooks]]
event = "after_send"
cmd = ["/bin/true"]
[mailboxes.catchall]
address = "*@example.com"
aliases = ["*@example.org"]
`);
  assert.deepEqual(config.domains, ['example.org']);
  assert.deepEqual(config.smtp.bind, ['127.0.0.1:2525', '[::1]:2525']);
  assert.deepEqual(config.tls, { certPath: '/c.pem', keyPath: '/k.pem', explicit: true });
  const [agent, catchall] = config.mailboxes;
  assert.deepEqual(
    [agent?.address, agent?.aliases],
    ['agent@example.com', ['help@example.com', 'info@example.org']],
  );
  assert.deepEqual([agent?.trust, agent?.trustedSenders], ['none', []], 'replaces, also when empty');
  assert.deepEqual([catchall?.trust, catchall?.trustedSenders.length], ['verified', 3]);
  assert.deepEqual(agent?.hooks[0]?.env, { LANG: 'C.UTF-8', X_1: '' });
  assert.equal(agent?.hooks[1]?.timeoutSeconds, 900, '[hooks] timeout_secs is the default');
});

test('parseConfig() derives names of hooks as the vectors of the contract have them', () => {
  const name = (lines: string): string | undefined =>
    valid(`${MINIMAL}[[mailboxes.sam.hooks]]\n${lines}`).mailboxes[0]?.hooks[0]?.name;
  assert.equal(name('event = "on_receive"\ncmd = ["/bin/echo","hi"]'), '9f5503741a28');
  assert.equal(
    name('event = "on_receive"\ncmd = ["/bin/echo","hi"]\nfire_on_untrusted = true'),
    '3afd24f09cdd',
  );
  assert.equal(name('event = "after_send"\ncmd = ["/bin/echo","hi"]'), 'b040e42b7c27');
  assert.equal(name('event = "on_receive"\ncmd = ["/bin/echo","a b"]'), '998053293ba5');
});

test('parseConfig() refuses wrong values, one line each', () => {
  const refuse = (line: string, message: string): void =>
    check(top(line), { errors: [`c.toml:2: ${message}`] });
  refuse('domains = "x"', 'domains: found "x"; allowed is a list');
  refuse('domains = ["a_b.c"]', 'domains[0]: found "a_b.c"; allowed is a domain name');
  refuse('hostname = ""', 'hostname: found ""');
  refuse('data_dir = "var"', 'data_dir: found "var"; allowed is an absolute path');
  refuse('dkim_selector = "a b"', 'dkim_selector');
  refuse('trust = "verifed"', 'trust: found "verifed"; allowed is "none" or "verified"');
  refuse('trusted_senders = ["{a"]', 'trusted_senders[0]: found "{a"');
  refuse('trusted_senders = ["a]"]', 'trusted_senders[0]');
  refuse(
    'trusted_senders = ["*@bü*.example"]',
    'trusted_senders[0]: found "*@bü*.example"; allowed is a pattern',
  );
  refuse('trusted_senders = [1]', 'trusted_senders[0]: found 1');
  refuse('enable_ipv6 = "yes"', 'enable_ipv6: found "yes"; allowed is true or false');
  refuse('keep_raw = 30', 'keep_raw: found 30; allowed is a duration');
  refuse('keep_raw = "30"', 'keep_raw: found "30"');
  refuse('verify_host = ""', 'verify_host');
  refuse('upgrade.release_manifest_url = "ftp://x"', 'upgrade.release_manifest_url');
  refuse('smtp = 1', 'smtp: found 1; allowed is a table');
  refuse('dedup.window = "2d"', 'dedup.window: found "2d"; allowed is a duration from "3d" to "90d"');
  refuse('dedup.window = "91d"', 'dedup.window');
  refuse('dedup.mode = "on"', 'dedup.mode: found "on"; allowed is "content" or "message-id" or "off"');
  refuse('smtp.bind = []', 'smtp.bind: found []; allowed is at least one');
  refuse('smtp.bind = ["::1:25"]', 'smtp.bind[0]');
  refuse('smtp.bind = ["a:65536"]', 'smtp.bind[0]');
  refuse('smtp.max_message_size = "25 tons"', 'smtp.max_message_size: found "25 tons"; allowed is a size');
  refuse('smtp.max_message_size = -1', 'smtp.max_message_size');
  refuse('smtp.max_connections = 1.5', 'smtp.max_connections: found 1.5; allowed is a whole number');
  refuse('smtp.postmaster = "bob"', 'smtp.postmaster: found "bob"; allowed is the name of a mailbox: "sam"');
  refuse('hooks.timeout_secs = 0', 'hooks.timeout_secs: found 0; allowed is a whole number from 1 to 86400');
  refuse('dns.servers = ["127.0.0.1"]', 'dns.servers[0]');
  refuse('tls.cert = "/c.pem"', 'tls.cert: it needs "key" beside it');
  refuse('tls.key = "/k.pem"', 'tls.key: it needs "cert" beside it');
  refuse('http.listen = "0.0.0.0:80"', 'http.listen: found "0.0.0.0:80"; beyond loopback');
  refuse('outbound.port = 0', 'outbound.port');
  refuse('outbound.relay_user = "u"', 'outbound.relay_user: it needs "relay_password_file"');
});

test('parseConfig() asks for what is required', () => {
  check('[mailboxes.sam]\naddress = "sam@example.com"\n', { errors: ['c.toml: domain: it is required'] });
  check('domain = "example.com"\n\n[mailboxes.sam]\n', {
    errors: ['c.toml:3: mailbox "sam", address: it is required'],
  });
  check(`${MINIMAL}[[mailboxes.sam.hooks]]\n`, {
    errors: ['c.toml:4: mailbox "sam", hooks[0].event: it is required', 'hooks[0].cmd: it is required'],
  });
  check('domain = "example.com"\n', { warnings: ['there is no mailbox'] });
  check('', { errors: ['domain: it is required'], warnings: ['there is no mailbox'] });
});

test('parseConfig() holds names of mailboxes to the rule', () => {
  const check1 = (name: string, isAllowed: boolean): void =>
    check(
      `domain = "example.com"\n[mailboxes.${JSON.stringify(name)}]\naddress = "a@example.com"\n`,
      isAllowed ? {} : { errors: [`c.toml:2: mailbox ${JSON.stringify(name)}: found`] },
    );
  for (const name of ['a', '0', '-', '_', 'a.b', 'a-b_c.d', 'x'.repeat(64), '__proto__', 'constructor'])
    check1(name, true);
  for (const name of [
    '',
    'A',
    'a b',
    'a..b',
    '.a',
    'a.',
    'ä',
    'a/b',
    'x'.repeat(65),
    'catchall',
    'aimx-catchall',
  ])
    check1(name, false);
});

test('parseConfig() keeps catchall for the catchall', () => {
  check('domain = "example.com"\n[mailboxes.catchall]\naddress = "*@example.com"\n', {});
  check('domain = "example.com"\n[mailboxes.rest]\naddress = "*@example.com"\n', {});
  check('domain = "example.com"\n[mailboxes.catchall]\naddress = "a@example.com"\n', {
    errors: [
      'c.toml:2: mailbox "catchall": found "catchall"; the name is reserved for the mailbox whose address is "*@example.com"',
    ],
  });
  check(top('').replace('"sam@', '"*@').concat('aliases = ["*@example.org"]'), {
    errors: ['aliases[0]: found "*@example.org"; allowed is an address at "example.com"'],
  });
  check(`domains = ["example.org"]\n${MINIMAL}aliases = ["*@example.org"]`, {
    errors: ['aliases[0]: found "*@example.org"; only a mailbox whose address is "*@…"'],
  });
});

test('parseConfig() gives an address to one mailbox', () => {
  check(`${MINIMAL}[mailboxes.bob]\naddress = "SAM@example.com"\n`, {
    errors: ['c.toml:5: mailbox "bob", address: found "sam@example.com"; mailbox "sam" has it already'],
  });
  check(`${MINIMAL}[mailboxes.bob]\naddress = "bob@example.com"\naliases = ["b", "sam"]\n`, {
    errors: ['c.toml:6: mailbox "bob", aliases[1]'],
  });
  check(`${MINIMAL}aliases = ["sam"]\n`, { errors: ['c.toml:4: mailbox "sam", aliases[0]'] });
  for (const address of ['sam', 'sam@', '@example.com', 'a b@example.com', 'sam@example.com ', '*'])
    check(`domain = "example.com"\n[mailboxes.sam]\naddress = ${JSON.stringify(address)}\n`, {
      errors: ['c.toml:3: mailbox "sam", address: found'],
    });
  check(MINIMAL.replace('"sam@example.com"', '"sam@example.org"'), {
    errors: ['found "sam@example.org"; allowed is an address at "example.com" (more: `domains`)'],
  });
  assert.equal(valid(MINIMAL.replaceAll('example.com', 'bücher.example')).domain, 'xn--bcher-kva.example');
});

test('parseConfig() knows who may own a mailbox', () => {
  const owned = (owner: string, address = 'sam@example.com', more = ''): string =>
    `domain = "example.com"\n[mailboxes.m]\naddress = "${address}"\nowner = "${owner}"\n${more}`;
  check(MINIMAL, {});
  check(
    MINIMAL,
    { errors: ['c.toml:2: mailbox "sam", owner: it is required when the daemon runs as root'] },
    ROOT,
  );
  check(owned('sam'), {});
  check(owned('bob'), { errors: ['c.toml:4: mailbox "m", owner: found "bob"; without root it can only be'] });
  check(owned('bob'), {}, ROOT);
  check(owned('ghost'), { warnings: ['owner: found "ghost"; there is no such user'] }, ROOT);
  check(
    owned('root'),
    { warnings: ['c.toml:4: warning: mailbox "m", owner: found "root"; its hooks run'] },
    ROOT,
  );
  check(owned('root', '*@example.com'), { warnings: ['owner: found "root"'] }, ROOT);
  check(owned('root', '*@example.com', 'allow_root_catchall = true'), {}, ROOT);
  check(
    owned('root', 'sam@example.com', 'allow_root_catchall = true'),
    { warnings: ['owner: found "root"'] },
    ROOT,
  );
  check(owned(''), { errors: ['owner: found ""; allowed is a name of a Linux user'] }, ROOT);
  const hook = '[[mailboxes.m.hooks]]\nevent = "on_receive"\ncmd = ["/bin/true"]\n';
  check(
    owned('aimx-catchall', '*@example.com', hook),
    { errors: ['c.toml:5: mailbox "m", hooks: a catchall owned by aimx-catchall'] },
    ROOT,
  );
  check(owned('bob', '*@example.com', hook), {}, ROOT);
});

test('parseConfig() holds hooks to their rules', () => {
  const refuse = (line: string, message: string): void =>
    check(`${HOOK}${line}\n`, { errors: [`c.toml:7: mailbox "sam", hooks[0]${message}`] });
  refuse('name = "a b"', '.name: found "a b"; allowed is a name of 1 to 128 characters');
  refuse('name = "-a"', '.name');
  refuse('name = ".a"', '.name');
  refuse(`name = "${'x'.repeat(129)}"`, '.name');
  refuse('type = "webhook"', '.type: found "webhook"; allowed is "cmd"');
  refuse('timeout_secs = 86401', '.timeout_secs');
  refuse('timeout_secs = "60"', '.timeout_secs');
  refuse('retries = -1', '.retries');
  refuse('on_interrupt = "again"', '.on_interrupt: found "again"; allowed is "report" or "retry"');
  refuse('env = { AIMX_ID = "x" }', '.env.AIMX_ID: allowed is a name');
  refuse('env = { A = 1 }', '.env.A: found 1; allowed is a string');
  refuse('env = { "A=B" = "1" }', '.env."A=B"');
  refuse('timeout_sec = 5', '.timeout_sec: unknown key, did you mean "timeout_secs"?');
  refuse('zzzzzz = 5', '.zzzzzz: unknown key');
  const command = (cmd: string, message: string): void =>
    check(`${MINIMAL}[[mailboxes.sam.hooks]]\nevent = "on_receive"\ncmd = ${cmd}\n`, {
      errors: [`c.toml:6: mailbox "sam", hooks[0].${message}`],
    });
  command('[]', 'cmd: found []');
  command('"/bin/true"', 'cmd: found "/bin/true"; allowed is a list');
  command('["true"]', 'cmd[0]: found "true"; allowed is an absolute path');
  command('["/bin/true", 1]', 'cmd[1]: found 1');
  command('["/bin/true", "a\\u0000b"]', 'cmd[1]');
  check(
    `${MINIMAL}[[mailboxes.sam.hooks]]\nevent = "after_send"\ncmd = ["/bin/true"]\nfire_on_untrusted = true\n`,
    {
      errors: ['c.toml:7: mailbox "sam", hooks[0].fire_on_untrusted: found true; it goes with'],
    },
  );
  check(`${MINIMAL}hooks = [1]\n`, {
    errors: ['c.toml:4: mailbox "sam", hooks[0]: found 1; allowed is a table'],
  });
  check(`${MINIMAL}hooks = {}\n`, { errors: ['c.toml:4: mailbox "sam", hooks: found a table'] });
});

test('parseConfig() says what replaces the removed keys of hooks', () => {
  const removed = {
    stdin: 'always on stdin',
    template: '`cmd = [',
    params: 'environment',
    run_as: '`owner`',
    origin: 'remove it',
    dangerously_support_untrusted: '`fire_on_untrusted = true`',
  };
  for (const [key, instead] of Object.entries(removed)) {
    const outcome = parseConfig(`${HOOK}${key} = "x"\n`, OPTIONS);
    assert.ok(outcome.kind === 'invalid' && outcome.problems.length === 1, key);
    assert.match(outcome.problems[0]?.allowed ?? '', /^this key is gone: /);
    assert.ok(outcome.problems[0]?.allowed.includes(instead), key);
  }
});

test('parseConfig() wants names of hooks unique over all mailboxes', () => {
  const second = (lines: string): string =>
    `${HOOK}name = "n"\n[mailboxes.bob]\naddress = "bob@example.com"\n${lines}`;
  check(second('[[mailboxes.bob.hooks]]\nname = "n"\nevent = "on_receive"\ncmd = ["/bin/false"]\n'), {
    errors: ['c.toml:11: mailbox "bob", hooks[0].name: found "n"; mailbox "sam" has a hook of that name'],
  });
  const same = '[[mailboxes.bob.hooks]]\nevent = "on_receive"\ncmd = ["/bin/true"]\n';
  check(second(same), {});
  check(second(same).replace('name = "n"\n', ''), {
    errors: ['c.toml:9: mailbox "bob", hooks[0]: found'],
  });
});

test('parseConfig() warns of unknown keys outside hooks, and of what gives up a promise', () => {
  const warn = (line: string, message: string): void =>
    check(top(line), { warnings: [`c.toml:2: warning: ${message}`] });
  warn('trusted_sender = []', 'trusted_sender: unknown key, did you mean "trusted_senders"?');
  warn('smtp.max_recipient = 5', 'smtp.max_recipient: unknown key, did you mean "max_recipients"?');
  warn('zzz = 1', 'zzz: unknown key');
  warn('dedup.mode = "off"', 'dedup.mode: found "off"; every retry');
  warn('dedup.mode = "message-id"', 'dedup.mode: found "message-id"; a reused or forged');
  warn('dedup.window = "5d"', 'dedup.window: found "5d"; a sender that retries');
  warn('smtp.max_recipients = 99', 'smtp.max_recipients: found 99; senders may rely on 100');
  warn('trust = "verified"', 'trust: found "verified"; without trusted_senders');
  check(`${MINIMAL}dedup = "off"\nownr = "x"\n`, {
    warnings: [
      'c.toml:4: warning: mailbox "sam", dedup: found "off"',
      'c.toml:5: warning: mailbox "sam", ownr: unknown key, did you mean "owner"?',
    ],
  });
  check(`${MINIMAL}trust = "verified"\n`, { warnings: ['mailbox "sam", trust: trust = "verified" without'] });
  warn('trusted_senders = ["*"]', 'trusted_senders[0]: found "*"; it trusts a sender at every domain');
  warn(
    'trusted_senders = ["*corp.example"]',
    'trusted_senders[0]: found "*corp.example"; without "@" it also',
  );
  check(`${MINIMAL}trust = "verified"\ntrusted_senders = ["ann@corp.example", "bob@*"]\n`, {
    warnings: ['mailbox "sam", trusted_senders[1]: found "bob@*"; it trusts'],
  });
  check(`${MINIMAL}trust_spf = true\nrequire_addressed = true\n`, {
    warnings: [
      'mailbox "sam", trust_spf: found true; it changes nothing',
      'mailbox "sam", require_addressed',
    ],
  });
});

test('parseConfig() reports everything at once, in the order of the file', () => {
  check(`trust = "x"\ndomain = "example.com"\nkeep_raw = 1\n[mailboxes.B]\naddress = 5\n[smtp]\nbind = 1\n`, {
    errors: ['c.toml:1:', 'c.toml:3:', 'c.toml:4:', 'c.toml:5:', 'c.toml:7:'],
  });
});

test('parseConfig() names the line of a syntax error', () => {
  check('domain = "example.com"\nx = = 1\n', { errors: ['c.toml:2: this is no TOML: '] });
  check('a = 1\na = 2\n', { errors: ['c.toml:2: this is no TOML: '] });
  check('x = "open\n', { errors: ['c.toml:1: this is no TOML: '] });
  check('x = 99999999999999999999\n', { errors: ['this is no TOML: '] });
});

test('parseConfig() never throws and says at least one thing about what it refuses', () => {
  const lines = fc.constantFrom(
    'domain = "example.com"',
    'domain = 1',
    '[mailboxes.a]',
    '[mailboxes]',
    'a = 1',
    'address = "a@example.com"',
    'address = "*@example.com"',
    '[[mailboxes.a.hooks]]',
    'hooks = [[]]',
    'cmd = ["/a", {}]',
    'event = "on_receive"',
    'env = { a = { b = 1 } }',
    '[smtp]',
    'bind = [1979-05-27, nan, inf]',
    'aliases = ["\\u0000", "*", "@"]',
    '"__proto__" = { address = 1 }',
    '[mailboxes.__proto__]',
    'trust = """\n"""',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(lines, { maxLength: 12 }).map((parts) => parts.join('\n')),
  );
  fc.assert(
    fc.property(text, fc.boolean(), (document, isRoot) => {
      const outcome = parseConfig(document, { ...OPTIONS, isRoot });
      if (outcome.kind === 'invalid') assert.ok(outcome.problems.length > 0);
      for (const problem of outcome.kind === 'invalid' ? outcome.problems : outcome.warnings)
        assert.doesNotMatch(formatProblem(problem), /\n/);
    }),
    { numRuns: 1000 },
  );
});

test('parseConfig() reads where a relay is, and refuses what is none', () => {
  const check = (relay: string, expected: object | null): void => {
    const outcome = parseConfig(`${MINIMAL}\n[outbound]\nrelay = ${JSON.stringify(relay)}\n`, OPTIONS);
    assert.deepEqual(outcome.kind === 'valid' ? outcome.config.outbound.relay : null, expected, relay);
  };
  check('Mail.Example.net', { host: 'mail.example.net', port: 25 });
  check('mail.example.net:587', { host: 'mail.example.net', port: 587 });
  check('[2001:db8::1]:587', { host: '[2001:db8::1]', port: 587 });
  check('mail.example.net:99999', null);
  check('a b', null);
});
