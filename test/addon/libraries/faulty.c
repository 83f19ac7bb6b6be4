// Does what the request says: its first word, or its "cmd" where it is JSON (the table at the end). Any other request
// is answered with itself. A response given back twice, by another thread, or never handed out ends the process.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

#ifdef _WIN32
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
#else
#include <pthread.h>
#include <unistd.h>
typedef pthread_t Thread;
#define this_thread pthread_self
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void lock(void) { pthread_mutex_lock(&mutex); }
static void unlock(void) { pthread_mutex_unlock(&mutex); }
static void wait_for_change(void) { pthread_cond_wait(&changed, &mutex); }
static void announce_change(void) { pthread_cond_broadcast(&changed); }
static int process_id(void) { return (int)getpid(); }
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

static const struct {
  const char* word;
  int (*run)(Call*);
} behaviours[] = {
    {"block", block},
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
};

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
