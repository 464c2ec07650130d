/* Preloaded into a broker to make every fsync as slow as a card's: DELAY_MS milliseconds are added to each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_while(void) {
  const char *text = getenv("DELAY_MS");
  long ms = text ? atol(text) : 0;
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
  if (ms > 0) nanosleep(&t, NULL);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_a_while();
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_a_while();
  return real(fd);
}
