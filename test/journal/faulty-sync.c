// Loaded in front of the C library: a disk that fails to sync, or loses what it said to have.
//   FAULTS_WHILE  file that must exist for the faults to happen
//   FAULTS_SYNC   one in so many syncs fails with EIO
//   FAULTS_LOSE   end of the name of a file whose writes are told done and never are
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int are_on(void) {
  const char* flag = getenv("FAULTS_WHILE");
  return flag != NULL && access(flag, F_OK) == 0;
}

int fdatasync(int file) {
  static int (*original)(int);
  static unsigned count;
  if (original == NULL) *(void**)&original = dlsym(RTLD_NEXT, "fdatasync");
  const char* rate = getenv("FAULTS_SYNC");
  if (rate != NULL && are_on() && __sync_fetch_and_add(&count, 1) % (unsigned)atoi(rate) == 1) {
    errno = EIO;
    return -1;
  }
  return original(file);
}

static int is_lost(int file) {
  const char* lost = getenv("FAULTS_LOSE");
  if (lost == NULL || !are_on()) return 0;
  char link[64];
  char name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, name, sizeof name - 1);
  if (length < (ssize_t)strlen(lost)) return 0;
  name[length] = '\0';
  return strcmp(name + length - strlen(lost), lost) == 0;
}

ssize_t pwrite64(int file, const void* bytes, size_t length, off64_t at) {
  static ssize_t (*original)(int, const void*, size_t, off64_t);
  if (original == NULL) *(void**)&original = dlsym(RTLD_NEXT, "pwrite64");
  return is_lost(file) ? (ssize_t)length : original(file, bytes, length, at);
}

ssize_t pwrite(int file, const void* bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }
