#define _GNU_SOURCE
// Prints, in each way that a library has: while it is loaded, and then as the request's "cmd" says. The answer is the
// request itself.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

#define WORDS "the vendor's library prints"

static void by_puts(void) {
  puts(WORDS);
  fflush(stdout);
}

static void by_stderr(void) {
  fputs(WORDS "\n", stderr);
  fflush(stderr);
}

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>

static void write_to(HANDLE handle) {
  DWORD count;
  WriteFile(handle, WORDS "\n", sizeof WORDS, &count, NULL);
}

static void by_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (_write(descriptor, WORDS "\n", sizeof WORDS) < 0) continue;
}

static void by_handles(void) {
  write_to(GetStdHandle(STD_OUTPUT_HANDLE));
  write_to(GetStdHandle(STD_ERROR_HANDLE));
  write_to(GetStdHandle(STD_INPUT_HANDLE));
}

// As a C runtime of the library's own finds its descriptors (Microsoft's _ioinit): by the block that the parent's
// runtime hands down, with handles of this process's own size, else by the standard handles.
static void by_own_runtime(void) {
  static const DWORD which[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  STARTUPINFOW info;
  GetStartupInfoW(&info);
  int count = 0;
  if (info.cbReserved2 > sizeof count && info.lpReserved2 != NULL) memcpy(&count, info.lpReserved2, sizeof count);
  const BYTE* const flags = info.lpReserved2 + sizeof count;
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    HANDLE handle = NULL;
    if (descriptor < count && (flags[descriptor] & 1) != 0)
      memcpy(&handle, flags + count + (size_t)descriptor * sizeof handle, sizeof handle);
    write_to(handle == NULL || handle == INVALID_HANDLE_VALUE ? GetStdHandle(which[descriptor]) : handle);
  }
}

static void start_child(const wchar_t* command, BOOL wait) {
  wchar_t line[256];
  STARTUPINFOW info = {.cb = sizeof info};
  PROCESS_INFORMATION child;
  wcscpy(line, command);
  // With all that can be inherited.
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &info, &child)) return;
  if (wait) WaitForSingleObject(child.hProcess, INFINITE);
  CloseHandle(child.hThread);
  CloseHandle(child.hProcess);
}

static void by_child(void) {
  start_child(
      L"cmd /c echo "
      L"the child of the vendor's library prints",
      TRUE);
}

// Lives for a minute, with whatever it inherited.
static void leave_child(void) { start_child(L"ping -n 60 127.0.0.1", FALSE); }
static void leave_bare_child(void) { leave_child(); }
#else
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static void by_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; ++descriptor)
    if (write(descriptor, WORDS "\n", sizeof WORDS) < 0) continue;
}

static void by_handles(void) { dprintf(1, "%s\n", WORDS); }

static void by_own_runtime(void) {
  FILE* const own = fdopen(dup(2), "w");
  fputs(WORDS "\n", own);
  fclose(own);
}

static void by_child(void) {
  if (system("echo the child of the library prints; echo and complains >&2; echo and writes to its input >&0") == -1)
    return;
}

// Lives for a minute, with whatever it inherited.
static void leave_child(void) {
  if (fork() == 0) {
    sleep(60);
    _exit(0);
  }
}

// The same past the C library, whose fork() tells the host of it.
static void leave_bare_child(void) {
  if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
    sleep(60);
    _exit(0);
  }
}
#endif

// Both halves of libuv's block may be the frames' pipe to a runtime of the other bitness.
static void while_loaded(void) {
  fprintf(stdout, WORDS " while it is loaded\n");
  fflush(stdout);
  by_stderr();
  by_own_runtime();
}

#ifdef _WIN32
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) while_loaded();
  return TRUE;
}
#else
__attribute__((constructor)) static void start(void) { while_loaded(); }
#endif

static void by_system(void) {
  if (system("echo the shell of the library prints") == -1) return;
}

static const struct {
  const char* cmd;
  void (*run)(void);
} probes[] = {
    {"puts", by_puts},       {"stderr", by_stderr},           {"descriptors", by_descriptors},
    {"handles", by_handles}, {"own_runtime", by_own_runtime}, {"child", by_child},
    {"system", by_system},   {"leave_child", leave_child},    {"leave_bare_child", leave_bare_child},
};

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  char cmd[64];
  for (size_t i = 0; i < sizeof probes / sizeof *probes; ++i) {
    const int length = snprintf(cmd, sizeof cmd, "\"cmd\":\"%s\"", probes[i].cmd);
    for (unsigned int at = 0; at + (unsigned int)length <= request_size; ++at)
      if (memcmp(request + at, cmd, (size_t)length) == 0) probes[i].run();
  }
  *response = malloc(request_size);
  if (*response == NULL) return -4;
  memcpy(*response, request, request_size);
  *response_size = request_size;
  return 0;
}

void wxpayReleaseResponse(char** response) {
  free(*response);
  *response = NULL;
}
