/**
 * The two shell programs that start hooks: the *helper*, one kept process that reads a line per
 * launch and forks a *launcher* for it, and the *supervisor*, which each launcher starts around the
 * hook. POSIX sh; dash, busybox ash and bash are told apart where they differ.
 *
 * Handles, from the launcher on: 7 the launch file, 8 what the daemon reads, 9 the attempt's lock. 9 is
 * open for reading only, so that a hook, which inherits it where there is no pid namespace, cannot write
 * into the journal's folder.
 *
 * Both programs go through the environment and not as an argument, so that a list of processes stays
 * readable: each takes itself out of it before it starts anything. What stands here must not hold a value
 * of a message: those are in the launch file alone.
 */
import { constants } from 'node:os';

/** `$0` of each supervisor; by it the daemon finds the one to tell that its run is cancelled. */
export const SUPERVISOR_NAME = 'aimx-hook';

/** What the helper is started with: `sh -c COMMAND NAME …` and, in its environment, both programs. */
export const HELPER_COMMAND = 'eval "$AIMX_HELPER"';
const SUPERVISOR_COMMAND = 'eval "$AIMX_SUPERVISOR"';

/** Bytes of stdout and of stderr that are kept with an attempt (contract §6). */
export const OUTPUT_BYTES_MAX: number = 64 * 1024;

/** From SIGTERM to SIGKILL (contract §6). */
export const KILL_AFTER_SECONDS = 5;

/** Real-time signals by which the launch file says why it gave up: no program of its own dies of them. */
export const EXEC_FAILED_SIGNAL = 64;
export const NO_ROOM_SIGNAL = 63;

/**
 * The helper. Arguments: folder of the stdin copies, words that isolate a supervisor (or the empty
 * string). Works in the runs' folder. Its end does not end its launchers.
 *
 * Reads `launch RUN ATTEMPT LAUNCHFILE TIMEOUT STDIN OWNER PRIVILEGES…` and says:
 *
 *     ready                              it reads
 *     started RUN ATTEMPT PID TICKS      the mark is taken and flushed; the hook starts now
 *     refused RUN ATTEMPT REASON         this launcher started nothing and never will
 *     done RUN ATTEMPT                   its hook has ended and its output is written
 *
 *     step of a launcher                 a crash right after it leaves
 *     1 lock                             nothing; whoever comes next may launch
 *     2 write who it is to a temp file   a stray temp file, removed with the folder
 *     3 link it to the mark              a mark: interrupted
 *     4 flush mark and folders           the same, also after power loss
 *     5 start the supervisor             the same, or the supervisor goes on by itself
 */
const HELPER_SCRIPT: string = `
stdin_folder=$1 isolation=$2 supervisor=$AIMX_SUPERVISOR
unset AIMX_HELPER AIMX_SUPERVISOR
exec 8>&1
say() { echo "$@" >&8; } 2>/dev/null

launch() {
  run=$1 attempt=$2 file=$3 timeout=$4 stdin=$stdin_folder/$5 owner=$6 privileges=$7
  # Caught, not ignored: an ignored signal would stay ignored in the hook.
  trap : PIPE
  cd "$run" 2>/dev/null || { say "refused $run $attempt no-folder"; return; }
  [ -r "$file" ] && [ -r "$stdin" ] || { say "refused $run $attempt no-input"; return; }
  true >>"$attempt.lock" 6>>"$attempt.stage" || { say "refused $run $attempt no-room"; return; }
  exec 7<"$file" 9<"$attempt.lock"
  flock -n 9 || { say "refused $run $attempt locked"; return; }

  # "pid (command) state …": the 22nd field is the start in ticks, the 20th behind the command.
  read -r stat </proc/self/stat
  pid=\${stat%% *}
  set -- \${stat##*) }
  shift 19
  ticks=$1
  read -r boot </proc/sys/kernel/random/boot_id
  who=$attempt.launcher-$pid
  echo "$pid $ticks $boot $timeout end" >"$who" || { say "refused $run $attempt no-room"; return; }
  if ! ln "$who" "$attempt.started" 2>/dev/null; then
    if [ -e "$attempt.started" ]; then reason=taken; else reason=no-room; fi
    rm -f "$who"
    say "refused $run $attempt $reason"
    return
  fi
  if ! sync "$attempt.started" . ..; then
    echo "not-started not-flushed exit 1 end" >"$attempt.status"
    exec 9<&-
    say "done $run $attempt"
    return
  fi
  say "started $run $attempt $pid $ticks"

  # stdout and stderr through a pipe each; a tail ends when the last who holds its pipe is gone.
  {
    {
      AIMX_SUPERVISOR=$supervisor $isolation /bin/sh -c '${SUPERVISOR_COMMAND}' ${SUPERVISOR_NAME} "$run" "$attempt" "$timeout" "$stdin" "$owner" $privileges 2>&3 3>&- |
        tail -c ${OUTPUT_BYTES_MAX} >"$attempt.stdout" 3>&- 7<&- 8>&- 9<&-
    } 3>&1 | tail -c ${OUTPUT_BYTES_MAX} >"$attempt.stderr" 7<&- 8>&- 9<&-
  }
  rm -f "$who" "$file" "$attempt.stage" "$attempt.jobs" "$attempt.jobs.list"
  # Freed before it is told: whoever still holds the lock then was left behind by the hook.
  exec 9<&-
  say "done $run $attempt"
}

say ready
while read -r verb run attempt file timeout stdin owner privileges; do
  [ "$verb" = launch ] && launch "$run" "$attempt" "$file" "$timeout" "$stdin" "$owner" "$privileges" </dev/null >/dev/null 2>&1 &
  # Looking at the jobs is what frees those that have ended.
  jobs >/dev/null 2>&1
done
`;

/**
 * The supervisor. Arguments: run, attempt, time limit in seconds, stdin's path, the owner's uid where it is
 * not ours (else `-`), words that become the owner. Works in the run's folder; handles as above, 1 and 2 the pipes to the tails. In a pid
 * namespace of its own it is process 1, and its end is the end of everything in it.
 *
 * USR1 says that time is over, USR2 that the run is cancelled. It writes one line to the status:
 *
 *     PHASE [REASON] exit|signal NUMBER end      PHASE: hook, timed-out, cancelled, not-started REASON
 */
const SUPERVISOR_SCRIPT: string = `
unset AIMX_SUPERVISOR
run=$1 attempt=$2 timeout=$3 stdin=$4 owner=$5
shift 5
cut='' timer='' killer=''

stop() {
  cut=\${cut:-$1}
  kill -s TERM -- "-$hook" 2>/dev/null || kill -s TERM "$hook" 2>/dev/null
  [ -n "$killer" ] && return
  ( trap 'kill "$!"; exit' TERM
    sleep ${KILL_AFTER_SECONDS} & wait "$!"
    kill -s KILL -- "-$hook" 2>/dev/null || kill -s KILL "$hook" ) >/dev/null 2>&1 7<&- 8>&- 9<&- &
  killer=$!
}
# Job 1 is the hook.
note_job() {
  jobs >"$attempt.jobs.list" 2>/dev/null
  while read -r line; do
    case $line in "[1]"*Running*) ;; "[1]"*) echo "$line" >"$attempt.jobs" ;; esac
  done <"$attempt.jobs.list"
}
trap : PIPE
# bash knows how a job ended only until it was waited for; dash and ash from then on.
[ -n "\${BASH_VERSION-}" ] && trap note_job CHLD
# So that the hook may open /dev/stdout and /dev/stderr by name, too.
[ "$owner" = - ] || chown "$owner" /proc/self/fd/1 /proc/self/fd/2
hook=''
# In a namespace nothing can be left behind, so the hook needs no lock; with it, it could free the lock
# while it runs, or hand it to a stranger's process, which would then be ended for it.
lock=9
[ "$$" -eq 1 ] && lock=-
setsid "$@" /bin/sh /proc/self/fd/7 <"$stdin" 6>>"$attempt.stage" 8>&- 9<&"$lock" &
hook=$!
trap 'stop timed-out' USR1
trap 'stop cancelled' USR2
exec 7<&-
( trap 'kill "$!"; exit' TERM
  sleep "$timeout" & wait "$!"
  kill -s USR1 "$$" ) >/dev/null 2>&1 8>&- 9<&- &
timer=$!

while :; do
  wait "$hook"
  code=$?
  # A signal of ours ends the wait early.
  kill -0 "$hook" 2>/dev/null || break
done
# … and the hook may have ended of it before this was asked: what it ended with is still known then.
if [ -n "$cut\${BASH_VERSION-}" ]; then
  wait "$hook"
  again=$?
  [ "$again" -ne 127 ] && code=$again
fi

# 129 and up: a signal, or an exit with that number. The list of jobs knows which.
how=exit number=$code
if [ "$code" -gt 128 ]; then
  [ -n "\${BASH_VERSION-}" ] || note_job
  job=''
  [ -e "$attempt.jobs" ] && read -r job <"$attempt.jobs"
  # Numbers are taken from there too: of a wait that SIGCHLD has cut short, bash says 128 + SIGCHLD,
  # and may have forgotten what the hook ended with.
  case $job in
    *"Done("*) number=\${job#*"Done("} number=\${number%%)*} ;;
    *Done*) number=0 ;;
    *"Exit "*) number=\${job#*"Exit "} number=\${number%%[!0-9]*} ;;
    *) how=signal number=$((code - 128)) ;;
  esac
  if [ $how = signal ] && [ "$number" -eq ${constants.signals.SIGCHLD} ]; then
    case $job in *Killed*) number=9 ;; *Terminated*) number=15 ;; esac
  fi
fi

stage=''
read -r stage <"$attempt.stage"
case $stage in
  begun) phase=hook; [ $how = signal ] && [ "$number" = ${EXEC_FAILED_SIGNAL} ] && phase='not-started exec-failed' ;;
  '')
    phase='not-started no-privileges'
    [ $how = signal ] && [ "$number" = ${NO_ROOM_SIGNAL} ] && phase='not-started no-room' ;;
  *) phase="not-started $stage" ;;
esac
phase=\${cut:-$phase}

# What the hook left in its group; in a namespace the rest goes with this process.
kill -s KILL -- "-$hook" 2>/dev/null
if [ "$$" -ne 1 ]; then kill "$timer" \${killer:+"$killer"} 2>/dev/null; fi
# Without room the result waits, for a day at most and as long as there is a folder to write it to: a run
# without a status would be one that was interrupted.
tries=43200
until echo "$phase $how $number end" >"$attempt.status.new" && mv "$attempt.status.new" "$attempt.status"; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] && [ -e "$attempt.lock" ] || exit 1
  sleep 2
done
sync "$attempt.status" .
exit 0
`;

/** What {@link HELPER_COMMAND} finds in its environment. */
export const HELPER_PROGRAMS: Readonly<Record<string, string>> = {
  AIMX_HELPER: HELPER_SCRIPT,
  AIMX_SUPERVISOR: SUPERVISOR_SCRIPT,
};
