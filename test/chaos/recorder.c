/*
 * Preloaded into a terminal: sees every write, sync, truncation, renaming and removal in one folder, and every line on
 * stdout. On request it writes them down, ends the process at the n-th of them, or lets the n-th fail. It can also set
 * the wall clock of the process forward or back.
 *
 *   CHAOS_FOLDER   the folder, without a slash at its end
 *   CHAOS_TRACE    file to which every operation is appended
 *   CHAOS_KILL     SIGKILL instead of the n-th operation; CHAOS_HALF=1: after half of it, if it is a write
 *   CHAOS_BETWEEN  file to which the number of operations is written between a line on stdout that begins {"begin" and one
 *                  that begins {"end"; only these are counted, and new names and folders too
 *   CHAOS_FAIL     the n-th operation fails; CHAOS_ERRNO says how, 0 means: half is written, and the next one finds no
 *                  space; CHAOS_TIMES says how many in a row
 *   CHAOS_CLOCK    file of 8 bytes, nanoseconds to be added to the wall clock
 *
 * gcc -O2 -shared -fPIC recorder.c -o recorder.so -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_LENGTH 512

static const char *folder;
static size_t folder_length;
static int trace = -1;
static long kill_at, fail_at, fail_times, count;
static int half, fail_errno;
/* Whether operations are counted now, and where to say how many there were. */
static volatile int counting = 1;
static const char *between;
static const volatile int64_t *clock_offset;

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off64_t);
typedef ssize_t (*writev_fn)(int, const struct iovec *, int);
typedef int (*fd_fn)(int);
typedef int (*truncate_fn)(int, off64_t);
typedef int (*path_fn)(const char *);
typedef int (*rename_fn)(const char *, const char *);
typedef int (*clock_fn)(clockid_t, struct timespec *);
typedef int (*day_fn)(struct timeval *, void *);
typedef int (*open_fn)(const char *, int, ...);
typedef int (*mkdir_fn)(const char *, mode_t);

static write_fn real_write;
static pwrite_fn real_pwrite;
static writev_fn real_writev;
static fd_fn real_fsync, real_fdatasync;
static truncate_fn real_truncate;
static path_fn real_unlink, real_remove, real_rmdir;
static mkdir_fn real_mkdir;
static rename_fn real_rename;
static clock_fn real_clock;
static open_fn real_open;

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
  real_write = REAL(write_fn, "write");
  real_pwrite = REAL(pwrite_fn, "pwrite64");
  real_writev = REAL(writev_fn, "writev");
  real_fsync = REAL(fd_fn, "fsync");
  real_fdatasync = REAL(fd_fn, "fdatasync");
  real_truncate = REAL(truncate_fn, "ftruncate64");
  real_unlink = REAL(path_fn, "unlink");
  real_remove = REAL(path_fn, "remove");
  real_rmdir = REAL(path_fn, "rmdir");
  real_mkdir = REAL(mkdir_fn, "mkdir");
  real_rename = REAL(rename_fn, "rename");
  real_clock = REAL(clock_fn, "clock_gettime");
  real_open = REAL(open_fn, "open64");
  kill_at = number("CHAOS_KILL");
  half = (int)number("CHAOS_HALF");
  between = getenv("CHAOS_BETWEEN");
  counting = between == NULL;
  fail_at = number("CHAOS_FAIL");
  fail_errno = (int)number("CHAOS_ERRNO");
  fail_times = getenv("CHAOS_TIMES") ? number("CHAOS_TIMES") : 1;
  const char *file = getenv("CHAOS_TRACE");
  if (file) trace = real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *offset = getenv("CHAOS_CLOCK");
  if (offset) {
    int fd = real_open(offset, O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) clock_offset = page;
    if (fd >= 0) close(fd);
  }
  folder = getenv("CHAOS_FOLDER");
  folder_length = folder ? strlen(folder) : 0;
}

/* The name inside the folder, "" for the folder itself, NULL for what lies elsewhere. */
static const char *inside(const char *path) {
  if (!folder || strncmp(path, folder, folder_length) != 0) return NULL;
  if (path[folder_length] == 0) return path + folder_length;
  return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

static const char *name_of(int fd, char *buffer) {
  char link[64];
  if (!folder) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, NAME_MAX_LENGTH - 1);
  if (length < 0) return NULL;
  buffer[length] = 0;
  return inside(buffer);
}

/* type, name length, offset, data length; then name and data. */
static void note(char type, const char *name, int64_t offset, const void *data, size_t length) {
  if (trace < 0) return;
  struct __attribute__((packed)) {
    char type;
    uint32_t name;
    int64_t offset;
    uint32_t data;
  } head = {type, (uint32_t)strlen(name), offset, (uint32_t)length};
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)name, head.name}, {(void *)data, length}};
  if (syscall(SYS_writev, trace, parts, data ? 3 : 2) < 0) abort();
}

enum { GO_ON, FAIL, SHORT };

/* Counts an operation; says whether it is to be carried out. `undone` carries out half of it. */
static int next(int fd, const void *data, size_t length, off64_t offset) {
  if (!counting) return GO_ON;
  long n = __sync_add_and_fetch(&count, 1);
  if (kill_at && n >= kill_at) {
    if (half && data && length > 1) {
      if (offset < 0) real_write(fd, data, length / 2);
      else real_pwrite(fd, data, length / 2, offset);
    }
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
  if (!fail_at || n < fail_at || n >= fail_at + fail_times + (fail_errno == 0)) return GO_ON;
  if (fail_errno != 0) {
    errno = fail_errno;
    return FAIL;
  }
  if (n == fail_at && data && length > 1) return SHORT;
  errno = ENOSPC;
  return FAIL;
}

/* Names and folders are counted only where all that one thing does is counted: elsewhere the numbers are those of its bytes. */
static void named(const char *path) {
  if (between && inside(path)) next(-1, NULL, 0, 0);
}

/* A line on stdout: it may be the one at which the counting begins or ends. */
static void said(const void *data, size_t length) {
  if (!between || length < 8) return;
  if (memcmp(data, "{\"begin\"", 8) == 0) counting = 1;
  if (!counting || memcmp(data, "{\"end\"", 6) != 0) return;
  counting = 0;
  char text[24];
  int fd = real_open(between, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  int digits = snprintf(text, sizeof text, "%ld", count);
  if (fd < 0 || real_write(fd, text, (size_t)digits) != digits) abort();
  close(fd);
}

ssize_t write(int fd, const void *data, size_t length) {
  char buffer[NAME_MAX_LENGTH];
  if (fd == 1) said(data, length);
  const char *name = fd == 1 ? NULL : name_of(fd, buffer);
  if (fd == 1 && folder) note('M', "", 0, data, length);
  if (!name) return real_write(fd, data, length);
  int what = next(fd, data, length, -1);
  if (what == FAIL) return -1;
  ssize_t done = real_write(fd, data, what == SHORT ? length / 2 : length);
  if (done > 0) note('W', name, lseek64(fd, 0, SEEK_CUR) - done, data, (size_t)done);
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  char buffer[NAME_MAX_LENGTH];
  const char *name = name_of(fd, buffer);
  if (!name) return real_pwrite(fd, data, length, offset);
  int what = next(fd, data, length, offset);
  if (what == FAIL) return -1;
  ssize_t done = real_pwrite(fd, data, what == SHORT ? length / 2 : length, offset);
  if (done > 0) note('W', name, offset, data, (size_t)done);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t writev(int fd, const struct iovec *parts, int n) {
  char buffer[NAME_MAX_LENGTH];
  if (!name_of(fd, buffer)) return real_writev(fd, parts, n);
  ssize_t total = 0;
  for (int i = 0; i < n; i++) {
    ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return total > 0 ? total : -1;
    total += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return total;
}

static int is_folder(int fd) {
  struct stat64 what;
  return fstat64(fd, &what) == 0 && S_ISDIR(what.st_mode);
}

static int synced(int fd, fd_fn real) {
  char buffer[NAME_MAX_LENGTH];
  const char *name = name_of(fd, buffer);
  if (!name) return real(fd);
  if (next(fd, NULL, 0, 0) == FAIL) return -1;
  int done = real(fd);
  if (done == 0) note(is_folder(fd) ? 'D' : 'S', name, 0, NULL, 0);
  return done;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int ftruncate64(int fd, off64_t length) {
  char buffer[NAME_MAX_LENGTH];
  const char *name = name_of(fd, buffer);
  if (!name) return real_truncate(fd, length);
  if (next(fd, NULL, 0, 0) == FAIL) return -1;
  int done = real_truncate(fd, length);
  if (done == 0) note('T', name, length, NULL, 0);
  return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path) {
  const char *name = inside(path);
  if (!name) return real_unlink(path);
  if (next(-1, NULL, 0, 0) == FAIL) return -1;
  int done = real_unlink(path);
  if (done == 0) note('U', name, 0, NULL, 0);
  return done;
}

int remove(const char *path) {
  if (!inside(path)) return real_remove(path);
  struct stat64 what;
  return fstatat64(AT_FDCWD, path, &what, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(what.st_mode) ? rmdir(path) : unlink(path);
}

int rmdir(const char *path) {
  const char *name = inside(path);
  named(path);
  int done = real_rmdir(path);
  if (done == 0 && name) note('X', name, 0, NULL, 0);
  return done;
}

int mkdir(const char *path, mode_t mode) {
  const char *name = inside(path);
  named(path);
  int done = real_mkdir(path, mode);
  if (done == 0 && name) note('K', name, 0, NULL, 0);
  return done;
}

int rename(const char *from, const char *to) {
  const char *name = inside(from), *target = inside(to);
  if (!name || !target) return real_rename(from, to);
  if (next(-1, NULL, 0, 0) == FAIL) return -1;
  int done = real_rename(from, to);
  if (done == 0) note('R', name, 0, target, strlen(target));
  return done;
}

/* A new name, or a file emptied by being opened. */
static int opened(const char *path, int flags, mode_t mode) {
  const char *name = (flags & (O_CREAT | O_TRUNC)) ? inside(path) : NULL;
  struct stat64 before;
  int was = name ? fstatat64(AT_FDCWD, path, &before, 0) == 0 : 0;
  if (name && (!was || (flags & O_TRUNC))) named(path);
  int fd = real_open(path, flags, mode);
  if (fd < 0 || !name) return fd;
  if (!was) note('C', name, 0, NULL, 0);
  else if (flags & O_TRUNC) note('T', name, 0, NULL, 0);
  return fd;
}

#define MODE(flags, mode)                                                                                              \
  mode_t mode = 0;                                                                                                     \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                               \
    va_list more;                                                                                                      \
    va_start(more, flags);                                                                                             \
    mode = va_arg(more, mode_t);                                                                                       \
    va_end(more);                                                                                                      \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  return opened(path, flags, mode);
}

int clock_gettime(clockid_t id, struct timespec *time) {
  if (!real_clock) real_clock = REAL(clock_fn, "clock_gettime");
  int done = real_clock(id, time);
  if (done != 0 || !clock_offset || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return done;
  int64_t all = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + *clock_offset;
  time->tv_sec = all / 1000000000;
  time->tv_nsec = all % 1000000000;
  return done;
}

int gettimeofday(struct timeval *restrict day, void *restrict zone) {
  struct timespec time;
  (void)zone;
  int done = clock_gettime(CLOCK_REALTIME, &time);
  if (done == 0) {
    day->tv_sec = time.tv_sec;
    day->tv_usec = time.tv_nsec / 1000;
  }
  return done;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
