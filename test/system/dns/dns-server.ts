/**
 * A DNS server for tests: real packets over UDP and TCP on 127.0.0.1, from a map of records.
 *
 * Its codec is dns-packet, which reads answers otherwise than `src/system/dns/` does: what both agree on is
 * most likely what RFC 1035 means.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Packet } from 'dns-packet';
import { canonicalName, findInZone, type SimulatedZone } from '../../../src/system/dns.sim.ts';
import type { DnsRecords, DnsRecordType } from '../../../src/system/dns.ts';

const RCODE_SERVFAIL = 2;
const RCODE_NXDOMAIN = 3;
const TRUNCATED = 0x0200;
const RECURSION_AVAILABLE = 0x0080;

/** What a test may do by itself with one question; what it sends goes to whoever asked. */
export interface Asked {
  readonly transport: 'udp' | 'tcp';
  readonly query: Packet;
  readonly bytes: Buffer;
  /** Of the question, lower case. */
  readonly name: string;
  readonly type: string;
  /** What the records say, ready to be changed. */
  readonly honest: Packet;
  /** Where the question came from, by UDP. */
  readonly from: { readonly address: string; readonly port: number } | null;
  /** Sends octets as they are; over TCP without a length before them. */
  send(bytes: Uint8Array): void;
  /** Over TCP: ends the connection. */
  close(): void;
}

export interface DnsServerOptions {
  readonly records?: SimulatedZone;
  /** @default '127.0.0.1' */
  readonly host?: '127.0.0.1' | '::1';
  /** Seconds, of every record. @default 300 */
  readonly ttl?: number;
  /** Of the SOA in negative answers, its own TTL and its minimum; null: no SOA. @default 60 */
  readonly negativeTtl?: number | null;
  /** True: an answer has one CNAME and not what it leads to, which has to be asked for. @default false */
  readonly isLazyAboutAliases?: boolean;
  /** Takes a question over. @returns True where nothing else is to be sent. */
  readonly onQuestion?: (asked: Asked) => boolean;
}

export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port` or `[::1]:port`, the same for UDP and TCP. */
  readonly address: string;
  readonly port: number;
  /** `TYPE name` of every question, in order, over TCP with ` tcp` behind it. */
  readonly asked: readonly string[];
  /** Puts other records in the place of those there are. */
  set(records: SimulatedZone): void;
  /** Takes questions in and says nothing. */
  stopAnswering(): void;
  resume(): void;
  /** SERVFAIL for `TYPE name` or for `name`, until {@link DnsServer.heal}. */
  fail(question: string): void;
  /** No answer for `TYPE name` or `name`. */
  ignore(question: string): void;
  /** Answers `TYPE name` or `name` so late. */
  delay(question: string, ms: number): void;
  /** TC and no records over UDP for `TYPE name` or `name`. */
  truncate(question: string): void;
  /** Ends what `fail`, `ignore`, `delay` and `truncate` have begun. */
  heal(): void;
}

/** Strings of at most 255 octets, as TXT has them on the wire. */
function txtStrings(text: string): Buffer[] {
  const octets = Buffer.from(text, 'latin1');
  const strings: Buffer[] = [];
  for (let at = 0; at < octets.length; at += 255) strings.push(octets.subarray(at, at + 255));
  return strings.length === 0 ? [Buffer.alloc(0)] : strings;
}

function recordData(record: DnsRecords[DnsRecordType], type: DnsRecordType): unknown {
  return type === 'TXT' ? txtStrings(record as string) : record;
}

interface Answering {
  readonly ttl: number;
  readonly negativeTtl: number | null;
  readonly isLazyAboutAliases: boolean;
}

/** What `zone` says to `query`. */
function honestAnswer(query: Packet, zone: SimulatedZone, how: Answering): Packet {
  const [question] = query.questions ?? [];
  const base = { type: 'response', id: query.id ?? 0, questions: query.questions ?? [] } as const;
  const flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE;
  if (question === undefined) return { ...base, flags: flags | RCODE_SERVFAIL };
  const type = question.type as DnsRecordType;
  const { chain, name, kind, records } = findInZone(zone, question.name, type);
  const shown = how.isLazyAboutAliases ? chain.slice(0, 1) : chain;
  const aliases = shown.map(
    ({ owner, target }, at): Answer => ({
      type: 'CNAME',
      // As it was asked: servers keep the case of the question.
      name: at === 0 ? question.name : owner,
      ttl: how.ttl,
      data: target,
    }),
  );
  if (kind === 'loop' || (how.isLazyAboutAliases && shown.length > 0))
    return { ...base, flags, answers: aliases };
  const owner = chain.length === 0 ? question.name : name;
  const own = records.map(
    (record) => ({ type, name: owner, ttl: how.ttl, data: recordData(record, type) }) as Answer,
  );
  const { negativeTtl } = how;
  const soa: Answer[] =
    kind === 'records' || negativeTtl === null
      ? []
      : [
          {
            type: 'SOA',
            name: '.',
            ttl: negativeTtl,
            data: {
              mname: 'ns.test',
              rname: 'hostmaster.test',
              serial: 1,
              refresh: 1,
              retry: 1,
              expire: 1,
              minimum: negativeTtl,
            },
          },
        ];
  return {
    ...base,
    flags: kind === 'no-such-name' ? flags | RCODE_NXDOMAIN : flags,
    answers: [...aliases, ...own],
    authorities: soa,
  };
}

/** The largest UDP answer that `query` takes (RFC 6891 §6.2.3). */
function udpLimit(query: Packet): number {
  const opt = query.additionals?.find((record) => record.type === 'OPT');
  return opt === undefined || !('udpPayloadSize' in opt) ? 512 : Math.max(512, opt.udpPayloadSize);
}

export function truncated(packet: Packet): Packet {
  return { ...packet, flags: (packet.flags ?? 0) | TRUNCATED, answers: [], authorities: [] };
}

/** @param packet With its length before it. */
export function tcpFrame(packet: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(packet.length);
  return Buffer.concat([length, packet]);
}

/** A UDP and a TCP socket of one port number. */
async function bindBoth(host: string): Promise<{
  readonly udp: UdpSocket;
  readonly tcp: ReturnType<typeof createServer>;
}> {
  for (let attempt = 0; ; attempt++) {
    const tcp = createServer();
    await once(tcp.listen(0, host), 'listening');
    const udp = createSocket(host === '::1' ? 'udp6' : 'udp4');
    try {
      const bound = once(udp, 'listening');
      udp.bind((tcp.address() as AddressInfo).port, host);
      await bound;
      return { udp, tcp };
    } catch (error) {
      // Another process has the number for UDP.
      tcp.close();
      if (attempt === 10) throw error;
    }
  }
}

export async function startDnsServer(options: DnsServerOptions = {}): Promise<DnsServer> {
  const { ttl = 300, negativeTtl = 60, isLazyAboutAliases = false, host = '127.0.0.1', onQuestion } = options;
  let zone = options.records ?? {};
  let isAnswering = true;
  const asked: string[] = [];
  const failing = new Set<string>();
  const ignored = new Set<string>();
  const truncating = new Set<string>();
  const delays = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  const connections = new Set<Socket>();
  const { udp, tcp } = await bindBoth(host);
  const { port } = tcp.address() as AddressInfo;

  const answer = (bytes: Buffer, reply: Pick<Asked, 'transport' | 'from' | 'send' | 'close'>): void => {
    const query = decode(bytes);
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const name = canonicalName(question.name);
    const keys = [`${question.type} ${name}`, name];
    const isOn = (set: ReadonlySet<string>): boolean => keys.some((key) => set.has(key));
    asked.push(`${keys[0]}${reply.transport === 'tcp' ? ' tcp' : ''}`);
    if (!isAnswering || isOn(ignored)) return;
    const honest = honestAnswer(query, zone, { ttl, negativeTtl, isLazyAboutAliases });
    if (onQuestion?.({ ...reply, query, bytes, name, type: question.type, honest })) return;
    const packet = isOn(failing)
      ? { ...honest, flags: RECURSION_AVAILABLE | RCODE_SERVFAIL, answers: [], authorities: [] }
      : honest;
    const send = (): void => {
      const whole = encode(packet);
      if (reply.transport === 'tcp') reply.send(tcpFrame(whole));
      else reply.send(isOn(truncating) || whole.length > udpLimit(query) ? encode(truncated(packet)) : whole);
    };
    const ms = keys.map((key) => delays.get(key)).find((delay) => delay !== undefined);
    if (ms === undefined) send();
    else timers.add(setTimeout(send, ms));
  };

  udp.on('message', (bytes: Buffer, { address, port: fromPort }: RemoteInfo) => {
    const send = (out: Uint8Array): void => udp.send(out, fromPort, address);
    answer(bytes, { transport: 'udp', from: { address, port: fromPort }, send, close: () => undefined });
  });
  // Who asked may be gone: its ICMP error is not ours.
  udp.on('error', () => undefined);
  tcp.on('connection', (socket) => {
    connections.add(socket);
    let held: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => connections.delete(socket));
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      if (held.length < 2 || held.length < 2 + held.readUInt16BE(0)) return;
      const bytes = held.subarray(2, 2 + held.readUInt16BE(0));
      held = held.subarray(2 + bytes.length);
      answer(bytes, {
        transport: 'tcp',
        from: null,
        send: (out) => void socket.write(out),
        close: () => void socket.end(),
      });
    });
  });

  return {
    address: host === '::1' ? `[::1]:${port}` : `${host}:${port}`,
    port,
    asked,
    set(records) {
      zone = records;
    },
    stopAnswering() {
      isAnswering = false;
    },
    resume() {
      isAnswering = true;
    },
    fail: (question) => void failing.add(question),
    ignore: (question) => void ignored.add(question),
    delay: (question, ms) => void delays.set(question, ms),
    truncate: (question) => void truncating.add(question),
    heal() {
      for (const set of [failing, ignored, truncating, delays]) set.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => void tcp.close(() => resolve())),
      ]);
    },
  };
}
