/* Preloaded into the daemon: while the file FSYNC_ERROR_FILE exists, an fsync of the database's files fails with EIO, as
   on a card that is dying. A file that holds "once" is removed by the first failure; while it holds "hang" an fsync
   does not return. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd) {
  const char *file = getenv("FSYNC_ERROR_FILE");
  if (!file || access(file, F_OK) != 0) return 0;
  char link[64], path[PATH_MAX], word[5] = {0};
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  if (!strstr(path, "portcullis.db")) return 0;
  int order = open(file, O_RDONLY);
  if (order < 0) return 0;
  if (read(order, word, 4) == 4 && strcmp(word, "once") == 0) unlink(file);
  close(order);
  if (strcmp(word, "hang") == 0) {
    while (access(file, F_OK) == 0) usleep(20000);
    return 0;
  }
  errno = EIO;
  return 1;
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fails(fd) ? -1 : real(fd);
}
