/* Preloaded into the daemon: moves its wall clock by the seconds that stand in the file CLOCK_SHIFT_FILE, read again
   at each call of the shifted functions, so that a test can let the clock jump under a running process. Monotonic time stays. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  static const char *path;
  if (!path) path = getenv("CLOCK_SHIFT_FILE");
  if (!path) return 0;
  int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  char text[32] = {0};
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  return n > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, t);
  if (result == 0 && clock == CLOCK_REALTIME) t->tv_sec += shift();
  return result;
}

int gettimeofday(struct timeval *t, void *zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(t, zone);
  if (result == 0) t->tv_sec += shift();
  return result;
}
