import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Exchanger, type MxRecord, nearerThanOurselves, orderRecords } from './exchangers.ts';

const RECORDS: fc.Arbitrary<MxRecord[]> = fc.array(
  fc.record({
    preference: fc.integer({ min: 0, max: 5 }),
    exchange: fc.stringMatching(/^[a-z]{1,3}\.example$/),
  }),
  { minLength: 1, maxLength: 40 },
);

test('orderRecords() puts nearer hosts first, whatever the draws, and keeps at most twenty', () => {
  fc.assert(
    fc.property(RECORDS, fc.infiniteStream(fc.stringMatching(/^[0-9a-f]{8}$/)), (records, draws) => {
      const ordered = orderRecords(records, () => draws.next().value ?? '');
      const preferences = (ordered ?? []).map(({ preference }) => preference);
      assert.deepEqual(
        preferences,
        records
          .map(({ preference }) => preference)
          .sort((a, b) => a - b)
          .slice(0, 20),
      );
    }),
  );
});

test('orderRecords() puts each of three equal hosts first a third of the time', () => {
  const records = ['a', 'b', 'c'].map((name) => ({ preference: 10, exchange: `${name}.example` }));
  const firsts = new Map<string, number>();
  // Every order of three draws, so that the test is no lottery.
  const orders = ['012', '021', '102', '120', '201', '210'];
  for (const order of orders) {
    const draws = [...order];
    const first = orderRecords(records, () => draws.shift() ?? '')?.[0]?.exchange ?? '';
    firsts.set(first, (firsts.get(first) ?? 0) + 1);
  }
  assert.deepEqual([...firsts.values()], [2, 2, 2]);
});

test('nearerThanOurselves() drops us and all that are no nearer (RFC 5321 §5.1)', () => {
  const host = (name: string, preference: number, ...addresses: string[]): Exchanger => ({
    host: name,
    preference,
    addresses,
    failures: [],
  });
  const check = (exchangers: readonly Exchanger[], expected: readonly string[]): void => {
    const ourselves = { hostname: 'us.example', addresses: ['192.0.2.1', '2001:db8::1'] };
    assert.deepEqual(
      nearerThanOurselves(exchangers, ourselves).map(({ host: name }) => name),
      expected,
    );
  };
  check([host('a', 10, '192.0.2.7')], ['a']);
  check([host('a', 10, '192.0.2.7'), host('us.example', 20), host('b', 30, '192.0.2.8')], ['a']);
  check([host('a', 10), host('b', 20, '192.0.2.8', '192.0.2.1'), host('c', 20)], ['a']);
  check([host('a', 10), host('b', 20, '2001:0db8:0::1')], ['a']);
  check([host('a', 10), host('b', 20, '::ffff:192.0.2.1')], ['a']);
  check([host('us.example', 0), host('a', 0)], []);
  check([host('a', 10, 'nonsense')], ['a']);
  check([], []);
});
