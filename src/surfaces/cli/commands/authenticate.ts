/** `aimx authenticate`: a line a method, then what a mailbox would make of it. */
import { type AuthenticateOutput, authenticate } from '../../../operations/authenticate.ts';
import { systemClock } from '../../../system/clock.ts';
import { createResolver } from '../../../system/dns/resolver.ts';
import { systemRandom } from '../../../system/random.ts';
import { type CommandBody, textOption } from '../invocation.ts';
import { openLocalContext } from '../local-world.ts';
import { safeLine } from '../safe-text.ts';
import { noteTyping, print } from '../show.ts';
import type { Terminal } from '../terminal.ts';
import { wrapText } from '../text-width.ts';

/** `[dns] timeout` where no config says otherwise. */
const QUESTION_MS_MAX = 5_000;

/** Of `DMARC` and `iprev`, the longest. */
const METHOD_WIDTH = 5;

function resultStyle(result: string): Parameters<Terminal['style']>[0] {
  if (result === 'pass') return 'green';
  return result === 'none' ? 'dim' : result === 'temperror' ? 'yellow' : 'red';
}

function authorLine({ author }: AuthenticateOutput): string {
  const [only] = author.addresses;
  if (only === undefined) return 'From names no address';
  return author.count === 1
    ? `From ${only}`
    : `From names ${author.count} addresses: ${author.addresses.join(', ')}`;
}

/** Nothing asks again by itself about a message that came from stdin: who asked does. */
function trustLine({ trusted, reason }: AuthenticateOutput['trust']): string {
  if (trusted === 'true') return 'A mailbox with trust = "verified" that lists the sender would trust it';
  if (reason?.startsWith('temperror: '))
    return 'Whether a mailbox with trust = "verified" would trust it cannot be said until then';
  return `A mailbox with trust = "verified" would not trust it, even if it lists the sender: ${reason ?? ''}`;
}

function verdictLines({ verdict, trust, fields }: AuthenticateOutput): readonly string[] {
  const lines = [
    verdict.auth_domain === null
      ? 'Nothing that is aligned with From vouches for it'
      : `${verdict.auth_domain} vouches for From`,
  ];
  if (fields.repeated.length > 0)
    lines.push(`Occurs twice and may occur once: ${fields.repeated.join(', ')}`);
  if (verdict.provisional) lines.push('DNS did not answer something that matters: ask again later');
  lines.push(trustLine(trust));
  return lines;
}

function format(output: AuthenticateOutput, terminal: Terminal): string {
  const width = Math.max(...output.checks.map(({ result }) => result.length));
  const indent = METHOD_WIDTH + width + 6;
  const checks = output.checks.map(({ method, result, text }) => {
    const padded = result.padEnd(width);
    const styled = terminal.style(resultStyle(result), padded);
    return `  ${method.padEnd(METHOD_WIDTH)}  ${styled}  ${wrapText(safeLine(text), indent, terminal)}`.trimEnd();
  });
  const lines = [
    terminal.style('bold', safeLine(authorLine(output))),
    ...checks,
    '',
    ...verdictLines(output).map((line) => wrapText(safeLine(line), 0, terminal)),
  ];
  return `${lines.join('\n')}\n`;
}

export const run: CommandBody = async (invocation) => {
  await using local = await openLocalContext(invocation, { withRows: false, withData: false });
  const { config, configProblem } = local.context;
  if (configProblem?.code === 'config.invalid')
    invocation.terminal.err(
      `${safeLine("The config cannot be used, so the system's resolvers are asked")}\n`,
    );
  // A config that asks nobody (`servers = []`) is about the daemon: whoever calls this wants to know.
  const servers = config?.dns.servers ?? [];
  const timeoutMs = config?.dns.timeoutMs ?? QUESTION_MS_MAX;
  await using dns = createResolver({ servers, timeoutMs, clock: systemClock, random: systemRandom });
  const input = {
    ip: textOption(invocation, 'ip'),
    helo: textOption(invocation, 'helo'),
    mailFrom: textOption(invocation, 'mailFrom'),
  };
  noteTyping(invocation);
  const output = await authenticate(input, invocation.stdin, { dns, clock: systemClock, config });
  await print(invocation, output, (value) => format(value, invocation.terminal));
  return 0;
};
