// Does what the request says: its first word, or its "cmd" where it is JSON (the table at the end). Any other request
// is answered with itself. A response given back twice, by another thread, or never handed out ends the process.
#define _GNU_SOURCE
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

#ifdef _WIN32
#include <io.h>
#include <windows.h>
typedef DWORD Thread;
#define this_thread GetCurrentThreadId
static SRWLOCK mutex = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static void lock(void) { AcquireSRWLockExclusive(&mutex); }
static void unlock(void) { ReleaseSRWLockExclusive(&mutex); }
static void wait_for_change(void) { SleepConditionVariableSRW(&changed, &mutex, INFINITE, 0); }
static void announce_change(void) { WakeAllConditionVariable(&changed); }
static int process_id(void) { return (int)GetCurrentProcessId(); }
static void pause_for(int milliseconds) { Sleep((DWORD)milliseconds); }
static DWORD WINAPI run_thread(void* function) {
  ((void (*)(void))function)();
  return 0;
}
static void start_thread(void (*function)(void)) {
  CloseHandle(CreateThread(NULL, 0, run_thread, (void*)function, 0, NULL));
}
#else
#include <dlfcn.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>
typedef pthread_t Thread;
#define this_thread pthread_self
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }
static void wait_for_change(void) { pthread_cond_wait(&changed, &mutex); }
static void announce_change(void) { pthread_cond_broadcast(&changed); }
static int process_id(void) { return (int)getpid(); }
static void pause_for(int milliseconds) { usleep((useconds_t)milliseconds * 1000); }
static void* run_thread(void* function) {
  ((void (*)(void))function)();
  return NULL;
}
static void start_thread(void (*function)(void)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_thread, (void*)function) == 0) pthread_detach(thread);
}
#endif

static int blocked = 0;      // calls that wait
static int unblockings = 0;  // how often "unblock" came
static int outstanding = 0;  // responses handed out and not given back

static const unsigned int kMaxBytes = 64u << 20;

typedef struct {
  size_t magic;
  Thread thread;
} Header;

static const size_t kMagic = 0x77787061;

typedef struct {
  const char* request;
  unsigned int request_size;
  char** response;
  unsigned int* response_size;
} Call;

static char* allocate(size_t size) {
  Header* header = malloc(sizeof *header + size);
  if (header == NULL) return NULL;
  header->magic = kMagic;
  header->thread = this_thread();
  lock();
  ++outstanding;
  unlock();
  return (char*)(header + 1);
}

static int answer(Call* call, const char* bytes, size_t size) {
  *call->response = allocate(size);
  if (*call->response == NULL) return -4;
  memcpy(*call->response, bytes, size);
  *call->response_size = (unsigned int)size;
  return 0;
}

static int answer_text(Call* call, const char* text) { return answer(call, text, strlen(text)); }

static int echo(Call* call) { return answer(call, call->request, call->request_size); }

static int block(Call* call) {
  lock();
  const int seen = unblockings;
  ++blocked;
  while (unblockings == seen) wait_for_change();
  --blocked;
  unlock();
  return echo(call);
}

static int unblock(Call* call) {
  lock();
  ++unblockings;
  announce_change();
  unlock();
  return echo(call);
}

static int hang(Call* call) {
  (void)call;
  lock();
  while (unblockings >= 0) wait_for_change();
  unlock();
  return -1;
}

static int report(Call* call) {
  char text[128];
  lock();
  snprintf(text, sizeof text, "{\"return_code\":\"SUCCESS\",\"outstanding\":%d,\"blocked\":%d,\"pid\":%d}", outstanding,
           blocked, process_id());
  unlock();
  return answer_text(call, text);
}

static int crash(Call* call) {
  volatile char* volatile nowhere = NULL;
  *nowhere = *call->request;
  return 0;
}

static int end_process(Call* call) {
  (void)call;
  abort();
}

static int exit_process(Call* call) {
  (void)call;
  exit(3);
}

static int refuse(Call* call) {
  // After a non-zero return these mean nothing: who reads or releases them crashes.
  *call->response = (char*)8;
  *call->response_size = 100;
  return -7;
}

static int refuse_lowest(Call* call) {
  (void)call;
  return INT_MIN;
}

static int null_empty(Call* call) {
  *call->response = NULL;
  *call->response_size = 0;
  return 0;
}

static int null_sized(Call* call) {
  *call->response = NULL;
  *call->response_size = 5;
  return 0;
}

static int empty(Call* call) { return answer(call, "", 0); }

static int largest(Call* call) {
  *call->response = allocate(kMaxBytes);
  if (*call->response == NULL) return -4;
  memset(*call->response, 'x', kMaxBytes);
  *call->response_size = kMaxBytes;
  return 0;
}

static int too_long(Call* call) {
  const int result = answer_text(call, "short");
  *call->response_size = kMaxBytes + 1;
  return result;
}

static int absurd(Call* call) {
  const int result = answer_text(call, "short");
  *call->response_size = 0xffffffff;
  return result;
}

static int invalid_utf8(Call* call) { return answer(call, "{\"return_code\":\"\xff\xfe\"}", 20); }

static int raw_surrogate(Call* call) { return answer(call, "{\"return_code\":\"\xed\xa0\x80\"}", 21); }

static int escaped_surrogate(Call* call) {
  return answer_text(call, "{\"return_code\":\"SUCCESS\",\"return_msg\":\"\\ud800\"}");
}

static int not_json(Call* call) { return answer_text(call, "<html>502</html>"); }

static int array(Call* call) { return answer_text(call, "[\"SUCCESS\"]"); }

static int without_code(Call* call) { return answer_text(call, "{\"return_msg\":\"fine\"}"); }

static int read_input(Call* call) {
  const int character = getchar();
  return answer_text(call, character == EOF ? "nothing to read" : "took a byte of stdin");
}

// ── attacks on the process ──

static int exit_zero(Call* call) {
  (void)call;
  exit(0);
}

static int exit_quickly(Call* call) {
  (void)call;
  _exit(0);
}

static void sleep_for_ever(void) {
  for (;;) pause_for(1000);
}

static int exit_that_hangs(Call* call) {
  (void)call;
  atexit(sleep_for_ever);
  exit(0);
}

static int divide(Call* call) {
  volatile int zero = 0;
  return (int)call->request_size / zero;
}

static int illegal_instruction(Call* call) {
  (void)call;
#ifdef _MSC_VER
  __ud2();
#else
  __builtin_trap();
#endif
  return 0;
}

static int recurse(volatile char* caller) {
  volatile char frame[4096];
  frame[0] = *caller;
  if (frame[0] == 0) return 0;
  return recurse(frame) + frame[0];
}

static int overflow_stack(Call* call) {
  volatile char start = *call->request;
  return recurse(&start);
}

static int free_wildly(Call* call) {
  volatile uintptr_t place = 64;
  free((void*)place);
  return echo(call);
}

static int free_twice(Call* call) {
  char* volatile block = malloc(100);
  char* volatile again = block;
  free(block);
  free(again);
  return echo(call);
}

static int overrun_heap(Call* call) {
  volatile char* const block = malloc(16);
  if (block == NULL) return -4;
  for (int i = 0; i < 4096; ++i) block[i] = (char)0xff;
  free((void*)block);
  free(malloc(100));
  return echo(call);
}

static int write_to_code(Call* call) {
  volatile uintptr_t code = (uintptr_t)echo;
  *(volatile char*)code = 0;
  return echo(call);
}

static int write_to_request(Call* call) {
  for (unsigned int i = 0; i < call->request_size; ++i) ((char*)call->request)[i] = 'x';
  return answer_text(call, "{\"return_code\":\"SUCCESS\"}");
}

static int terminate_signal(Call* call) {
  raise(SIGTERM);
  return echo(call);
}

static int end_thread(Call* call) {
  (void)call;
#ifdef _WIN32
  ExitThread(0);
#else
  pthread_exit(NULL);
#endif
}

static int spin(Call* call) {
  volatile unsigned int turns = 1;
  while (turns != 0 || call != NULL) ++turns;
  return 0;
}

static int thread_lives_on(Call* call) {
  start_thread(sleep_for_ever);
  return echo(call);
}

static void crash_soon(void) {
  pause_for(50);
  crash(&(Call){"x", 1, NULL, NULL});
}

static int crash_later(Call* call) {
  start_thread(crash_soon);
  return echo(call);
}

static void exit_soon(void) {
  pause_for(50);
  exit(0);
}

static int exit_later(Call* call) {
  start_thread(exit_soon);
  return echo(call);
}

static int wild_response(Call* call) {
  uintptr_t place = 64;
  *call->response = (char*)place;
  *call->response_size = 4;
  return 0;
}

static int short_response(Call* call) {
  const int result = answer_text(call, "short");
  *call->response_size = 32u << 20;
  return result;
}

static enum { give_back, crash_instead, hang_instead, exit_instead } release = give_back;

static int release_crashes(Call* call) {
  release = crash_instead;
  return echo(call);
}

static int release_hangs(Call* call) {
  release = hang_instead;
  return echo(call);
}

static int release_exits(Call* call) {
  release = exit_instead;
  return echo(call);
}

static int close_standard_streams(Call* call) {
  fclose(stdin);
  fclose(stdout);
  fclose(stderr);
  return echo(call);
}

static int change_locale(Call* call) {
  setlocale(LC_ALL, "");
  setlocale(LC_NUMERIC, "de_DE.UTF-8");
  return echo(call);
}

static int take_signals(Call* call) {
  signal(SIGSEGV, SIG_IGN);
  signal(SIGABRT, SIG_IGN);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  return echo(call);
}

#ifdef _WIN32

static int kill_itself(Call* call) {
  (void)call;
  TerminateProcess(GetCurrentProcess(), 9);
  return 0;
}

static int close_descriptors(Call* call) {
  for (int descriptor = 3; descriptor < 256; ++descriptor)
    if (_get_osfhandle(descriptor) != -1) _close(descriptor);
  for (uintptr_t handle = 4; handle < 4096; handle += 4) CloseHandle((HANDLE)handle);
  return echo(call);
}

static int change_folder(Call* call) {
  SetCurrentDirectoryW(L"C:\\");
  return echo(call);
}

static int throw_across(Call* call) {
  (void)call;
  RaiseException(0xE06D7363, 0, 0, NULL);  // as a C++ exception of Microsoft's
  return 0;
}

static int unload_itself(Call* call) {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     (const wchar_t*)(void*)unload_itself, &self);
  FreeLibrary(self);
  return echo(call);
}

static int free_console(Call* call) {
  FreeConsole();
  return echo(call);
}

static int show_crashes(Call* call) {
  SetErrorMode(0);
  SetUnhandledExceptionFilter(NULL);
  return crash(call);
}

#define SYSTEMS_OWN {"free_console", free_console}, {"show_crashes", show_crashes},

#else

static int kill_itself(Call* call) {
  (void)call;
  kill(getpid(), SIGKILL);
  return 0;
}

static int close_descriptors(Call* call) {
  for (int descriptor = 3; descriptor < 256; ++descriptor) close(descriptor);
  return echo(call);
}

static int change_folder(Call* call) { return chdir("/") == 0 ? echo(call) : -5; }

static int throw_across(Call* call) {
  (void)call;
  static struct _Unwind_Exception exception;
  memcpy(&exception.exception_class, "FAULTYC\0", 8);
  _Unwind_RaiseException(&exception);
  return 0;
}

static int unload_itself(Call* call) {
  Dl_info info;
  if (dladdr((void*)unload_itself, &info) == 0) return -5;
  void* const self = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  dlclose(self);
  dlclose(self);
  return echo(call);
}

static int stop_itself(Call* call) {
  raise(SIGSTOP);
  return echo(call);
}

static int set_alarm(Call* call) {
  alarm(1);
  return hang(call);
}

static int change_umask(Call* call) {
  umask(0777);
  return echo(call);
}

static int fork_and_return(Call* call) { return fork() == -1 ? -5 : echo(call); }

static int become_another_program(Call* call) {
  (void)call;
  execl("/bin/true", "true", (char*)NULL);
  return -5;
}

static int allow_no_files(Call* call) {
  const struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_NOFILE, &none) == 0 ? echo(call) : -5;
}

static int block_signals(Call* call) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  return echo(call);
}

static int leave_its_session(Call* call) {
  setsid();
  return echo(call);
}

#define SYSTEMS_OWN                                                                             \
  {"stop_itself", stop_itself}, {"set_alarm", set_alarm}, {"change_umask", change_umask},       \
      {"fork_and_return", fork_and_return}, {"become_another_program", become_another_program}, \
      {"allow_no_files", allow_no_files}, {"block_signals", block_signals}, {"leave_its_session", leave_its_session},

#endif

static const struct {
  const char* word;
  int (*run)(Call*);
} behaviours[] = {{"block", block},
                  {"unblock", unblock},
                  {"hang", hang},
                  {"report", report},
                  {"crash", crash},
                  {"abort", end_process},
                  {"exit", exit_process},
                  {"refuse", refuse},
                  {"refuse_lowest", refuse_lowest},
                  {"null_empty", null_empty},
                  {"null_sized", null_sized},
                  {"empty", empty},
                  {"largest", largest},
                  {"too_long", too_long},
                  {"absurd", absurd},
                  {"invalid_utf8", invalid_utf8},
                  {"raw_surrogate", raw_surrogate},
                  {"escaped_surrogate", escaped_surrogate},
                  {"not_json", not_json},
                  {"array", array},
                  {"without_code", without_code},
                  {"read_input", read_input},
                  {"exit_zero", exit_zero},
                  {"exit_quickly", exit_quickly},
                  {"exit_that_hangs", exit_that_hangs},
                  {"divide", divide},
                  {"illegal_instruction", illegal_instruction},
                  {"overflow_stack", overflow_stack},
                  {"free_wildly", free_wildly},
                  {"free_twice", free_twice},
                  {"overrun_heap", overrun_heap},
                  {"write_to_code", write_to_code},
                  {"write_to_request", write_to_request},
                  {"terminate_signal", terminate_signal},
                  {"end_thread", end_thread},
                  {"spin", spin},
                  {"thread_lives_on", thread_lives_on},
                  {"crash_later", crash_later},
                  {"exit_later", exit_later},
                  {"wild_response", wild_response},
                  {"short_response", short_response},
                  {"release_crashes", release_crashes},
                  {"release_hangs", release_hangs},
                  {"release_exits", release_exits},
                  {"close_standard_streams", close_standard_streams},
                  {"change_locale", change_locale},
                  {"take_signals", take_signals},
                  {"kill_itself", kill_itself},
                  {"close_descriptors", close_descriptors},
                  {"change_folder", change_folder},
                  {"throw_across", throw_across},
                  {"unload_itself", unload_itself},
                  SYSTEMS_OWN};

// The request has no NUL at its end, so nothing of string.h looks for one here.
static size_t word_of(const char* request, size_t size, const char** word) {
  static const char key[] = "\"cmd\":\"";
  size_t start = 0;
  if (size > 0 && request[0] == '{') {
    while (start + sizeof key <= size && memcmp(request + start, key, sizeof key - 1) != 0) ++start;
    start += sizeof key - 1;
  }
  size_t end = start;
  while (end < size && request[end] != '"' && request[end] != ' ') ++end;
  *word = request + start;
  return end > start ? end - start : 0;
}

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  Call call = {request, request_size, response, response_size};
  const char* word;
  const size_t length = word_of(request, request_size, &word);
  for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; ++i) {
    if (strlen(behaviours[i].word) == length && memcmp(word, behaviours[i].word, length) == 0) {
      return behaviours[i].run(&call);
    }
  }
  return echo(&call);
}

void wxpayReleaseResponse(char** response) {
  if (release == crash_instead) crash(&(Call){"x", 1, NULL, NULL});
  if (release == hang_instead) sleep_for_ever();
  if (release == exit_instead) exit(4);
  Header* const header = (Header*)*response - 1;
  if (header->magic != kMagic) {
    fputs("a response was given back twice, or never handed out\n", stderr);
    abort();
  }
  if (header->thread != this_thread()) {
    fputs("a response was given back by another thread\n", stderr);
    abort();
  }
  header->magic = 0;
  free(header);
  *response = NULL;
  lock();
  --outstanding;
  unlock();
}
