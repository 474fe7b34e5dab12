/**
 * The launch file: a shell program that the owner's own shell reads from a handle, and whose last
 * step becomes the hook. It is the one place where values of a message meet a shell, each inside
 * single quotes, where nothing is expanded (POSIX.1-2024, Shell Command Language §2.2.2). Pure.
 */
import { assert } from '../system/assert.ts';
import type { Launch } from './hooks.ts';
import { EXEC_FAILED_SIGNAL, NO_ROOM_SIGNAL } from './launcher-script.ts';

/** One word of a shell program that stands for exactly `text`. NUL cannot be written and must not occur. */
export function quoteShellWord(text: string): string {
  assert(!text.includes('\0'), 'A NUL cannot be passed to a program');
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Names that a shell can export. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The program for one attempt. It runs as the owner, and tells through handle 6 how far it came: a
 * reason why the hook cannot be started, or `begun`.
 *
 * @param dataBytesMax Limit on the hook's private memory (RLIMIT_DATA), for each of its processes.
 */
export function formatLaunchFile(launch: Launch, dataBytesMax: number): string {
  const command = quoteShellWord(launch.cmd[0]);
  const exports = Object.entries(launch.env).map(([name, value]) => {
    assert(VARIABLE_NAME.test(name), `Not a name of a variable: ${name}`);
    return `export ${name}=${quoteShellWord(value)}`;
  });
  return [
    'unset LC_ALL OLDPWD SHLVL',
    // A home that is gone must not keep a message's hook from starting: sshd and cron do the same.
    `cd ${quoteShellWord(launch.cwd)} 2>/dev/null || cd /`,
    'unset PWD OLDPWD',
    `[ -e ${command} ] || { echo not-found >&6; exit 127; }`,
    `[ -f ${command} ] && [ -x ${command} ] || { echo not-executable >&6; exit 126; }`,
    'ulimit -c 0',
    `ulimit -d ${Math.floor(dataBytesMax / 1024)} 2>/dev/null`,
    ...exports,
    // What has not been noted is not started: the supervisor could not tell it from a start that failed.
    `echo begun >&6 || kill -s ${NO_ROOM_SIGNAL} "$$"`,
    // dash and ash leave by the trap when exec fails; bash goes on behind it.
    `trap 'kill -s ${EXEC_FAILED_SIGNAL} "$$"' EXIT`,
    '[ -n "$BASH_VERSION" ] && shopt -s execfail',
    `exec ${launch.cmd.map(quoteShellWord).join(' ')} 6>&- 7<&-`,
    `kill -s ${EXEC_FAILED_SIGNAL} "$$"`,
    '',
  ].join('\n');
}
