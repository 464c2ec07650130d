/* Part of disk-log.c: files that are written through the C library's streams, which call its own write, unseen. Such a stream is
   one of ours instead (fopencookie), which writes through the write above: each of its writes is in the log in its order. */
static struct stream {
  FILE *file;
  int fd;
} streams[16];

static struct stream *stream_of(FILE *file) {
  for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
    if (streams[i].file == file) return &streams[i];
  return NULL;
}

static ssize_t stream_read(void *stream, char *data, size_t length) { return read(((struct stream *)stream)->fd, data, length); }

static ssize_t stream_write(void *stream, const char *data, size_t length) {
  ssize_t n = write(((struct stream *)stream)->fd, data, length);
  return n < 0 ? 0 : n; /* How fopencookie wants to be told of an error. */
}

static int stream_seek(void *stream, off64_t *to, int from) {
  off_t at = lseek(((struct stream *)stream)->fd, *to, from);
  if (at >= 0) *to = at;
  return at < 0 ? -1 : 0;
}

static int stream_close(void *stream) { return close(((struct stream *)stream)->fd); }

FILE *fopen(const char *name, const char *mode) {
  char path[PATH_MAX];
  if (mode[0] == 'r' && !strchr(mode, '+')) return REAL(fopen)(name, mode);
  if (!path_at(AT_FDCWD, name, path)) return REAL(fopen)(name, mode);
  if (mode[0] != 'w') abort(); /* Nobody has asked for another mode yet. */
  int fd = openat(AT_FDCWD, name, O_RDWR | O_CREAT | O_TRUNC | (strchr(mode, 'x') ? O_EXCL : 0), 0666);
  if (fd < 0) return NULL;
  pthread_mutex_lock(&order);
  struct stream *stream = stream_of(NULL);
  if (!stream) abort();
  *stream = (struct stream){stdin, fd};
  pthread_mutex_unlock(&order);
  cookie_io_functions_t calls = {stream_read, stream_write, stream_seek, stream_close};
  return stream->file = fopencookie(stream, "w", calls);
}

FILE *fopen64(const char *name, const char *mode) { return fopen(name, mode); }

int fileno(FILE *file) {
  struct stream *stream = file ? stream_of(file) : NULL;
  return stream ? stream->fd : REAL(fileno)(file);
}

int fclose(FILE *file) {
  struct stream *stream = stream_of(file);
  int result = REAL(fclose)(file);
  if (stream) stream->file = NULL;
  return result;
}
