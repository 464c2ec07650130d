/* Part of disk-log.c: files that are written through the C library's streams, which call its own write. What a stream
   wrote is logged when it is flushed or closed. That is later than it was asked, and a cut in between only finds less of what
   no sync has covered yet, which a disk may forget anyway. */
static struct stream {
  FILE *file;
  off_t logged;
} streams[16];

static struct stream *stream_of(FILE *file) {
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
    if (streams[i].file == file) return &streams[i];
  return NULL;
}

static void catch_up(struct stream *stream) {
  int fd = fileno(stream->file);
  char path[PATH_MAX], data[65536];
  if (!path_of(fd, path)) abort();
  struct head head = begin(WRITE);
  for (ssize_t n; (n = pread(fd, data, sizeof data, stream->logged)) > 0; stream->logged += n)
    written(head, fd, path, data, n, stream->logged);
  end();
}

FILE *fopen(const char *name, const char *mode) {
  char path[PATH_MAX];
  if (mode[0] == 'r' && !strchr(mode, '+')) return REAL(fopen)(name, mode);
  if (!path_at(AT_FDCWD, name, path)) return REAL(fopen)(name, mode);
  pthread_mutex_lock(&order);
  struct stream *stream = stream_of(NULL);
  /* A stream in any other mode would have to be read back from where it wrote. */
  if (!stream || mode[0] != 'w') abort();
  stream->file = stdin;
  pthread_mutex_unlock(&order);
  int fd = openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_TRUNC | (strchr(mode, 'x') ? O_EXCL : 0), 0666);
  stream->logged = 0;
  stream->file = fd < 0 ? NULL : fdopen(fd, mode);
  return stream->file;
}

FILE *fopen64(const char *name, const char *mode) { return fopen(name, mode); }

int fflush(FILE *file) {
  int result = REAL(fflush)(file);
  struct stream *stream = file ? stream_of(file) : NULL;
  if (stream) catch_up(stream);
  return result;
}

int fclose(FILE *file) {
  struct stream *stream = stream_of(file);
  if (stream) {
    fflush(file);
    stream->file = NULL;
  }
  return REAL(fclose)(file);
}
