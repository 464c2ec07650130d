/* Preloaded into the daemon: writes down, in order and with its data, everything that changes files below the folder
   DISK_LOG_FOLDER, and every sync of them, into DISK_LOG_FILE (read by test/faults/power-cut/disk-log.ts). Where the
   file DISK_LOG_KILL_FILE appears, the process kills itself in front of the n-th change from then on; n is in the file,
   which is removed. One mutex holds the order: what is in the log is the order in which the disk was asked. A file that is
   mapped (the index of the write-ahead log) is not seen. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, CREATE, MKDIR, REMOVE, RENAME, SYNC };

struct head {
  uint32_t op, path_length;
  uint64_t mono_ns, wall_ms;
  int64_t offset;
  uint64_t length;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int log_fd = -1;
static long kill_at, changes;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("DISK_LOG_FILE");
  folder = getenv("DISK_LOG_FOLDER");
  if (!file || !folder) return;
  folder_length = strlen(folder);
  log_fd = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void count_change(void) {
  const char *file = getenv("DISK_LOG_KILL_FILE");
  if (file && access(file, F_OK) == 0) {
    char number[16] = {0};
    int from = REAL(open)(file, O_RDONLY);
    if (from >= 0) {
      if (read(from, number, sizeof number - 1) > 0) kill_at = changes + atol(number);
      close(from);
    }
    REAL(unlink)(file);
  }
  changes += 1;
  if (kill_at != 0 && changes >= kill_at) kill(getpid(), SIGKILL);
}

static int is_ours(const char *path) {
  return log_fd >= 0 && path && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == '\0');
}

/* The path of a file that is open, as it is called now; 0 when it is none of ours. */
static int path_of(int fd, char path[PATH_MAX]) {
  char link[64];
  if (log_fd < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length <= 0) return 0;
  path[length] = '\0';
  return is_ours(path);
}

static int path_at(int dir, const char *name, char path[PATH_MAX]) {
  if (!name || log_fd < 0) return 0;
  if (name[0] == '/') return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && is_ours(path);
  if (dir == AT_FDCWD) return 0;
  char base[PATH_MAX];
  if (!path_of(dir, base)) return 0;
  return snprintf(path, PATH_MAX, "%s/%s", base, name) < PATH_MAX && is_ours(path);
}

/* Taken before the disk is asked, so that whatever was answered earlier has an earlier time. */
static struct head begin(uint32_t op) {
  pthread_mutex_lock(&order);
  if (op != SYNC) count_change();
  struct timespec mono, wall;
  clock_gettime(CLOCK_MONOTONIC, &mono);
  clock_gettime(CLOCK_REALTIME, &wall);
  struct head head = {op, 0, (uint64_t)mono.tv_sec * 1000000000u + (uint64_t)mono.tv_nsec,
                      (uint64_t)wall.tv_sec * 1000u + (uint64_t)wall.tv_nsec / 1000000u, 0, 0};
  return head;
}

static void say(struct head head, const char *path, const void *data, size_t length) {
  int saved = errno;
  head.path_length = (uint32_t)strlen(path);
  head.length = length;
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_length}, {(void *)data, length}};
  size_t want = sizeof head + head.path_length + length;
  if (REAL(writev)(log_fd, parts, 3) != (ssize_t)want) abort();
  errno = saved;
}

static void end(void) {
  int saved = errno;
  pthread_mutex_unlock(&order);
  errno = saved;
}

static ssize_t written(struct head head, int fd, const char *path, const void *data, ssize_t n, off_t offset) {
  if (n > 0) {
    head.offset = offset >= 0 ? offset : lseek(fd, 0, SEEK_CUR) - n;
    say(head, path, data, (size_t)n);
  }
  return n;
}

#define WRITES(name, ...)                                                         \
  char path[PATH_MAX];                                                            \
  if (!path_of(fd, path)) return REAL(name)(__VA_ARGS__);                         \
  struct head head = begin(WRITE);                                                \
  if (!path_of(fd, path)) abort();                                                \
  ssize_t n = REAL(name)(__VA_ARGS__);

ssize_t write(int fd, const void *data, size_t length) {
  WRITES(write, fd, data, length)
  written(head, fd, path, data, n, -1);
  end();
  return n;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
  WRITES(pwrite, fd, data, length, offset)
  written(head, fd, path, data, n, offset);
  end();
  return n;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

static void written_parts(struct head head, int fd, const char *path, const struct iovec *parts, ssize_t n, off_t offset) {
  if (n <= 0) return;
  if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - n;
  for (; n > 0; parts++) {
    ssize_t length = (ssize_t)parts->iov_len < n ? (ssize_t)parts->iov_len : n;
    written(head, fd, path, parts->iov_base, length, offset);
    offset += length;
    n -= length;
  }
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITES(writev, fd, parts, count)
  written_parts(head, fd, path, parts, n, -1);
  end();
  return n;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  WRITES(pwritev, fd, parts, count, offset)
  written_parts(head, fd, path, parts, n, offset);
  end();
  return n;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { return pwritev(fd, parts, count, offset); }

int ftruncate(int fd, off_t size) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return REAL(ftruncate)(fd, size);
  struct head head = begin(TRUNCATE);
  int result = REAL(ftruncate)(fd, size);
  head.offset = size;
  if (result == 0) say(head, path, "", 0);
  end();
  return result;
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int synced(int fd, int (*real_sync)(int)) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return real_sync(fd);
  struct head head = begin(SYNC);
  int result = real_sync(fd);
  if (result == 0) say(head, path, "", 0);
  end();
  return result;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

int openat(int dir, const char *name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? (mode_t)va_arg(list, int) : 0;
  va_end(list);
  char path[PATH_MAX];
  if (!(flags & (O_CREAT | O_TRUNC)) || !path_at(dir, name, path)) return REAL(openat)(dir, name, flags, mode);
  int existed = access(path, F_OK) == 0;
  struct head head = begin(existed ? TRUNCATE : CREATE);
  int fd = REAL(openat)(dir, name, flags, mode);
  if (fd >= 0 && (!existed || (flags & O_TRUNC))) say(head, path, "", 0);
  end();
  return fd;
}

#define OPENS(name)                                       \
  int name(const char *path, int flags, ...) {            \
    va_list list;                                         \
    va_start(list, flags);                                \
    mode_t mode = flags & O_CREAT ? (mode_t)va_arg(list, int) : 0; \
    va_end(list);                                         \
    return openat(AT_FDCWD, path, flags, mode);           \
  }

OPENS(open)
OPENS(open64)

int openat64(int dir, const char *name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? (mode_t)va_arg(list, int) : 0;
  va_end(list);
  return openat(dir, name, flags, mode);
}

#define NAMES(op, call)                   \
  struct head head = begin(op);           \
  int result = call;                      \
  if (result == 0) say(head, path, "", 0); \
  end();                                  \
  return result;

int mkdir(const char *name, mode_t mode) {
  char path[PATH_MAX];
  if (!path_at(AT_FDCWD, name, path)) return REAL(mkdir)(name, mode);
  NAMES(MKDIR, REAL(mkdir)(name, mode))
}

int unlinkat(int dir, const char *name, int flags) {
  char path[PATH_MAX];
  if (!path_at(dir, name, path)) return REAL(unlinkat)(dir, name, flags);
  NAMES(REMOVE, REAL(unlinkat)(dir, name, flags))
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int remove(const char *name) {
  struct stat about;
  return unlinkat(AT_FDCWD, name, lstat(name, &about) == 0 && S_ISDIR(about.st_mode) ? AT_REMOVEDIR : 0);
}
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int rename(const char *from, const char *to) {
  char path[PATH_MAX];
  if (!path_at(AT_FDCWD, from, path)) return REAL(rename)(from, to);
  struct head head = begin(RENAME);
  int result = REAL(rename)(from, to);
  if (result == 0) say(head, from, to, strlen(to));
  end();
  return result;
}

#include "disk-log-stdio.h"
