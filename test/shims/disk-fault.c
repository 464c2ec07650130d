/* Preloaded into the daemon: while the file DISK_FAULT_FILE exists, the disk fails as the first word in it says, for the
   files of the database. `once`, `always`: an fsync fails with EIO, and `once` removes the order. `hang`: an fsync does not
   return. `slow MS`: it takes so long. `write-eio`, `no-space`, `read-only`: a write fails with EIO, ENOSPC, EROFS, and with the last
   an fsync and a truncation too. `short`: half of a write is done. `read-eio`: a read fails with EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_database(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return strstr(path, "portcullis.db") != NULL;
}

/* The order that is in force for this file; empty when there is none. */
static void order_for(int fd, char order[32]) {
  order[0] = '\0';
  const char *file = getenv("DISK_FAULT_FILE");
  if (!file || access(file, F_OK) != 0 || !is_database(fd)) return;
  int from = open(file, O_RDONLY);
  if (from < 0) return;
  ssize_t length = REAL(read)(from, order, 31);
  close(from);
  order[length > 0 ? length : 0] = '\0';
}

static int fails(int fd) {
  const char *file = getenv("DISK_FAULT_FILE");
  char order[32];
  order_for(fd, order);
  if (strncmp(order, "slow ", 5) == 0) usleep((useconds_t)atol(order + 5) * 1000);
  if (strcmp(order, "hang") == 0)
    while (access(file, F_OK) == 0) usleep(20000);
  int once = strcmp(order, "once") == 0;
  if (once) unlink(file);
  if (strcmp(order, "read-only") == 0) {
    errno = EROFS;
    return 1;
  }
  errno = EIO;
  return once || strcmp(order, "always") == 0;
}

int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  char order[32];
  order_for(fd, order);
  errno = strcmp(order, "write-eio") == 0   ? EIO
          : strcmp(order, "no-space") == 0  ? ENOSPC
          : strcmp(order, "read-only") == 0 ? EROFS
                                            : 0;
  if (errno != 0) return -1;
  if (strcmp(order, "short") == 0 && length > 1) length /= 2;
  return REAL(pwrite)(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

ssize_t pread(int fd, void *data, size_t length, off_t offset) {
  char order[32];
  order_for(fd, order);
  errno = EIO;
  return strcmp(order, "read-eio") == 0 ? -1 : REAL(pread)(fd, data, length, offset);
}

ssize_t pread64(int fd, void *data, size_t length, off64_t offset) { return pread(fd, data, length, offset); }

int ftruncate(int fd, off_t size) {
  char order[32];
  order_for(fd, order);
  errno = EROFS;
  return strcmp(order, "read-only") == 0 ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
