/** Libraries that are loaded in front of libc and spoil a process's dealings with its disk. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Nothing is flushed, and everybody is told it was. */
const noFlush = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
int fsync(int fd) { return 0; }
int fdatasync(int fd) { return 0; }
int msync(void *at, size_t length, int flags) { return 0; }
int sync_file_range(int fd, off64_t from, off64_t bytes, unsigned flags) { return 0; }
#define OPENS(name, ...) \\
  int name(__VA_ARGS__ const char *path, int flags, ...) { \\
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
#define ASKS(name, ...) \\
    static int (*next)(); if (next == 0) next = dlsym(RTLD_NEXT, #name); \\
    return next(__VA_ARGS__ path, flags & ~(O_SYNC | O_DSYNC), mode); }
#define AT directory,
OPENS(open) ASKS(open)
OPENS(open64) ASKS(open64)
OPENS(openat, int directory,) ASKS(openat, AT)
OPENS(openat64, int directory,) ASKS(openat64, AT)
`;

/** What finds no room is said to be written, and there is always room. */
const neverFull = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
static long octets(const struct iovec *parts, int count) {
  long sum = 0; for (int i = 0; i < count; i++) sum += parts[i].iov_len; return sum;
}
#define TELLS(name, type) int name(const char *path, struct type *told) { \\
  static int (*next)(); if (next == 0) next = dlsym(RTLD_NEXT, #name); int result = next(path, told); \\
  if (result == 0) { told->f_bavail = told->f_bfree = told->f_blocks; } return result; }
TELLS(statfs, statfs)
TELLS(statfs64, statfs64)
#define WRITES(name, bytes, names, ...) \\
  ssize_t name(__VA_ARGS__) { \\
    static ssize_t (*next)(); if (next == 0) next = dlsym(RTLD_NEXT, #name); \\
    ssize_t written = next names; \\
    return written < 0 && errno == ENOSPC ? (ssize_t)(bytes) : written; }
WRITES(write, count, (fd, from, count), int fd, const void *from, size_t count)
WRITES(pwrite, count, (fd, from, count, at), int fd, const void *from, size_t count, off_t at)
WRITES(pwrite64, count, (fd, from, count, at), int fd, const void *from, size_t count, off64_t at)
WRITES(writev, octets(parts, count), (fd, parts, count), int fd, const struct iovec *parts, int count)
WRITES(pwritev, octets(parts, count), (fd, parts, count, at), int fd, const struct iovec *parts, int count, off_t at)
WRITES(pwritev64, octets(parts, count), (fd, parts, count, at), int fd, const struct iovec *parts, int count, off64_t at)
`;

/** Each flush takes so many milliseconds longer as the file WEIR_FLUSH_MS names. */
const slowFlush = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>
static void linger() {
  FILE *told = fopen(getenv("WEIR_FLUSH_MS"), "r"); int ms = 0;
  if (told != 0) { if (fscanf(told, "%d", &ms) != 1) ms = 0; fclose(told); }
  if (ms > 0) usleep(ms * 1000);
}
#define FLUSHES(name) int name(int fd) { \
  static int (*next)(int); if (next == 0) next = dlsym(RTLD_NEXT, #name); linger(); return next(fd); }
FLUSHES(fsync)
FLUSHES(fdatasync)
#define WRITES(name) ssize_t name(int fd, const void *from, size_t count, off64_t at) { \
  static ssize_t (*next)(); if (next == 0) next = dlsym(RTLD_NEXT, #name); \
  if (fcntl(fd, F_GETFL) & O_DSYNC) linger(); return next(fd, from, count, at); }
WRITES(pwrite)
WRITES(pwrite64)
`;

/** Nobody else is ever there: no socket of a holder answers, and none can be removed. */
const noLock = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int connect(int fd, const struct sockaddr *to, socklen_t length) {
  static int (*next)(int, const struct sockaddr *, socklen_t); if (next == 0) next = dlsym(RTLD_NEXT, "connect");
  if (to->sa_family == AF_UNIX) { errno = ECONNREFUSED; return -1; }
  return next(fd, to, length);
}
int unlink(const char *path) {
  static int (*next)(const char *); if (next == 0) next = dlsym(RTLD_NEXT, "unlink");
  return strstr(path, "/holder.") != 0 ? 0 : next(path);
}
`;

const sources = { noFlush, neverFull, slowFlush, noLock } as const;

/** Compiles one; what it returns goes into the environment of the process that is to be spoilt. */
export function preload(folder: string, name: keyof typeof sources): Readonly<Record<string, string>> {
  const source = join(folder, `${name}.c`);
  const library = join(folder, `${name}.so`);
  writeFileSync(source, sources[name]);
  execFileSync("cc", ["-w", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]);
  return { LD_PRELOAD: library };
}
