// The smallest hook: what it does first is to read the clock (nanoseconds since the epoch) and to append
// it as one line to the file named by $STAMPS. Built static where that is possible, so that the loader
// costs nothing.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  const char *path = getenv("STAMPS");
  if (path == NULL) return 2;
  char line[32];
  int length = snprintf(line, sizeof line, "%lld%09ld\n", (long long)t.tv_sec, t.tv_nsec);
  int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return 3;
  return write(file, line, length) == length ? 0 : 4; // One write: lines of hooks at once do not mix.
}
