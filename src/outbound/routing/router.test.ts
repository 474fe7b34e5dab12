import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboundConfig } from '../../config/config.ts';
import { simulatedDns } from '../../system/dns.sim.ts';
import { systemRandom } from '../../system/random.ts';
import type { Route } from '../route.ts';
import { isPublicAddress } from './reachable.ts';
import { createRouter } from './router.ts';

test('isPublicAddress() knows networks that are nobody’s but ours (RFC 6890)', () => {
  for (const address of [
    '8.8.8.8',
    '2a00:1450:4001::1',
    '172.32.0.1',
    '100.128.0.1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])
    assert.ok(isPublicAddress(address), address);
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    'fec0::1',
    '::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '2001::1',
    'nonsense',
    '',
  ])
    assert.ok(!isPublicAddress(address), address);
});

const HOSTNAME = 'mx.ours.example';
const OUTBOUND: OutboundConfig = {
  port: 25,
  relay: null,
  relayUser: null,
  relayPasswordFile: null,
  allowPrivate: false,
  maxConnections: 20,
  maxPerDestination: 2,
};

/** `a.example/192.0.2.1:25 …` for endpoints; `permanent 5.1.2` or `transient 4.4.3` else. */
function shown(route: Route): string {
  if (route.kind !== 'endpoints') return `${route.kind} ${route.status}`;
  return route.endpoints.map(({ host, address, port }) => `${host}/${address}:${port}`).join(' ');
}

test('createRouter(): where mail for a domain goes (RFC 5321 §5.1, RFC 7505)', async () => {
  const dns = simulatedDns({
    MX: {
      'two.example': [
        { preference: 20, exchange: 'b.example' },
        { preference: 10, exchange: 'a.example' },
      ],
      'null.example': [{ preference: 0, exchange: '' }],
      'private.example': [{ preference: 10, exchange: 'inside.example' }],
      'nowhere.example': [{ preference: 10, exchange: 'gone.example' }],
      'ours.example': [
        { preference: 10, exchange: HOSTNAME },
        { preference: 20, exchange: 'b.example' },
      ],
      'backup.example': [
        { preference: 5, exchange: 'a.example' },
        { preference: 10, exchange: HOSTNAME },
      ],
      'farther.example': [
        { preference: 5, exchange: 'a.example' },
        { preference: 10, exchange: 'alias-of-ours.example' },
        { preference: 20, exchange: 'b.example' },
      ],
      'roots.example': [
        { preference: 0, exchange: '' },
        { preference: 5, exchange: '' },
      ],
      'root-and-host.example': [
        { preference: 0, exchange: '' },
        { preference: 5, exchange: 'a.example' },
      ],
      'twice.example': [
        { preference: 5, exchange: 'b.example' },
        { preference: 10, exchange: 'also-b.example' },
      ],
      'half-unsure.example': [
        { preference: 5, exchange: 'slow.example' },
        { preference: 10, exchange: 'b.example' },
      ],
      'half-private.example': [
        { preference: 5, exchange: 'inside.example' },
        { preference: 10, exchange: 'b.example' },
      ],
      'numbers.example': [{ preference: 5, exchange: '9.9.9.9' }],
      'looped.example': [{ preference: 10, exchange: 'alias-of-ours.example' }],
      'unsure.example': [{ preference: 10, exchange: 'slow.example' }],
    },
    A: {
      'a.example': ['8.8.4.4', '8.8.8.8'],
      'b.example': ['9.9.9.9'],
      'also-b.example': ['9.9.9.9'],
      'roots.example': ['9.9.9.9'],
      'bare.example': ['1.1.1.1'],
      'inside.example': ['10.0.0.1'],
      'alias-of-ours.example': ['5.5.5.5'],
    },
    AAAA: { 'b.example': ['2a00::1'] },
    fail: { 'down.example': 'server-failure', 'A slow.example': 'silence' },
  });
  const check = async (
    domain: string,
    expected: string,
    config: { readonly enableIpv6?: boolean; readonly outbound?: Partial<OutboundConfig> } = {},
  ): Promise<void> => {
    const router = createRouter({
      dns,
      random: systemRandom,
      ownEndpoints: () => [{ address: '5.5.5.5', port: 25 }],
      config: () => ({
        hostname: HOSTNAME,
        enableIpv6: config.enableIpv6 ?? false,
        outbound: { ...OUTBOUND, ...config.outbound },
      }),
    });
    assert.equal(shown(await router.route(domain, new AbortController().signal)), expected, domain);
  };
  await check('two.example', 'a.example/8.8.4.4:25 a.example/8.8.8.8:25 b.example/9.9.9.9:25');
  await check(
    'two.example',
    'a.example/8.8.4.4:25 a.example/8.8.8.8:25 b.example/9.9.9.9:25 b.example/2a00::1:25',
    { enableIpv6: true },
  );
  await check('bare.example', 'bare.example/1.1.1.1:25');
  await check('null.example', 'permanent 5.1.10');
  await check('absent.example', 'permanent 5.1.2');
  await check('down.example', 'transient 4.4.3');
  await check('unsure.example', 'transient 4.4.3');
  await check('nowhere.example', 'permanent 5.4.4');
  await check('private.example', 'permanent 5.4.4');
  await check('private.example', 'inside.example/10.0.0.1:25', { outbound: { allowPrivate: true } });
  await check('ours.example', 'permanent 5.4.6');
  await check('backup.example', 'a.example/8.8.4.4:25 a.example/8.8.8.8:25');
  await check('looped.example', 'permanent 5.4.6');
  await check('farther.example', 'a.example/8.8.4.4:25 a.example/8.8.8.8:25');
  await check('roots.example', 'permanent 5.1.10');
  await check('root-and-host.example', 'a.example/8.8.4.4:25 a.example/8.8.8.8:25');
  await check('twice.example', 'b.example/9.9.9.9:25');
  await check('half-unsure.example', 'b.example/9.9.9.9:25');
  await check('half-private.example', 'b.example/9.9.9.9:25');
  // An MX names a host; what looks like an address is a name that nobody has.
  await check('numbers.example', 'permanent 5.4.4');
  await check('two.example', 'a.example/8.8.4.4:2525 a.example/8.8.8.8:2525 b.example/9.9.9.9:2525', {
    outbound: { port: 2525 },
  });
  await check('looped.example', 'alias-of-ours.example/5.5.5.5:2525', { outbound: { port: 2525 } });
  await check('[10.0.0.1]', 'permanent 5.4.4');
  await check('[5.5.5.5]', 'permanent 5.4.6');
  await check('[IPv6:::ffff:5.5.5.5]', 'permanent 5.4.6', { enableIpv6: true });
  await check('[9.9.9.9]', '[9.9.9.9]/9.9.9.9:25');
  await check('[IPv6:2a00::1]', '[IPv6:2a00::1]/2a00::1:25', { enableIpv6: true });
  await check('[IPv6:2a00::1]', 'permanent 5.4.4');
  await check('two.example', '127.0.0.1/127.0.0.1:2500', {
    outbound: { relay: { host: '127.0.0.1', port: 2500 } },
  });
  await check('two.example', 'inside.example/10.0.0.1:587', {
    outbound: { relay: { host: 'inside.example', port: 587 } },
  });
  await check('two.example', '9.9.9.9/9.9.9.9:25', {
    outbound: { relay: { host: '[9.9.9.9]', port: 25 } },
  });
  // What is wrong with a relay is the operator's to mend: nothing is given up for it.
  for (const [host, status] of [
    ['absent.example', '4.4.4'],
    ['slow.example', '4.4.3'],
    ['5.5.5.5', '4.4.6'],
    ['alias-of-ours.example', '4.4.6'],
  ] as const)
    await check('two.example', `transient ${status}`, { outbound: { relay: { host, port: 25 } } });
  await check('two.example', 'alias-of-ours.example/5.5.5.5:587', {
    outbound: { relay: { host: 'alias-of-ours.example', port: 587 } },
  });
});
