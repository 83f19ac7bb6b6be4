// Tests of what addon and host process have in common, without Node.js, so that every sanitizer sees all of it.
//   core-test STUB_LIBRARY NO_RELEASE_LIBRARY

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "call_thread.h"
#include "delivery.h"
#include "fake_node_api.h"
#include "frame.h"
#include "library.h"
#include "response.h"

namespace {

// While set on a thread, it gets no block of at least so many bytes.
thread_local size_t no_memory_from = SIZE_MAX;

}  // namespace

void* operator new(size_t size) {
  void* const block = size < no_memory_from ? malloc(size) : nullptr;
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { free(block); }
void operator delete(void* block, size_t) noexcept { free(block); }

namespace {

using namespace wxpay_face;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                \
    }                                                                         \
  } while (false)

// Opens once, for good.
class Gate {
 public:
  void open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void await_waiting(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

void await(const std::atomic<int>& count, int value) {
  while (count != value) std::this_thread::yield();
}

// ── threads ──

void a_job_never_waits_behind_blocked_ones() {
  auto& threads = CallThreads::instance();
  auto gate = std::make_shared<Gate>();
  auto done = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < 50; ++i) {
    threads.run([gate, done](bool) {
      gate->pass();
      ++*done;
    });
  }
  gate->await_waiting(50);
  auto overtaken = std::make_shared<std::atomic<int>>(0);
  threads.run([overtaken](bool) { ++*overtaken; });
  await(*overtaken, 1);
  CHECK(*done == 0);
  gate->open();
  await(*done, 50);
}

void jobs_from_many_threads_all_run() {
  std::atomic<int> done{0};
  std::vector<std::thread> submitters;
  for (int i = 0; i < 4; ++i) {
    submitters.emplace_back([&] {
      for (int job = 0; job < 5000; ++job) CallThreads::instance().run([&](bool) { ++done; });
    });
  }
  for (auto& submitter : submitters) submitter.join();
  await(done, 20000);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which reserve terabytes of addresses

size_t reserved_addresses() {
  size_t pages = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  CHECK(file != nullptr && fscanf(file, "%zu", &pages) == 1);
  fclose(file);
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void a_job_without_a_thread_hears_of_it() {
  constexpr int kJobs = 200;
  auto& threads = CallThreads::instance();
  auto gate = std::make_shared<Gate>();
  auto running = std::make_shared<std::atomic<int>>(0);
  auto refused = std::make_shared<std::atomic<int>>(0);
  rlimit before{};
  CHECK(getrlimit(RLIMIT_AS, &before) == 0);
  const rlimit few{reserved_addresses() + (size_t{16} << 20), before.rlim_max};
  CHECK(setrlimit(RLIMIT_AS, &few) == 0);
  for (int i = 0; i < kJobs; ++i) {
    threads.run([gate, running, refused](bool has_thread) {
      if (!has_thread) {
        ++*refused;
        return;
      }
      ++*running;
      gate->pass();
    });
  }
  while (*running + *refused != kJobs) std::this_thread::yield();  // for ever, if one waits behind another
  CHECK(*refused > 0);
  CHECK(setrlimit(RLIMIT_AS, &before) == 0);
  gate->open();
  auto done = std::make_shared<std::atomic<int>>(0);
  threads.run([done](bool has_thread) {
    CHECK(has_thread);
    ++*done;
  });
  await(*done, 1);
}

#else

void a_job_without_a_thread_hears_of_it() {}

#endif

// ── responses ──

// What the library below does with the next call.
int return_value;
char* response;
unsigned int response_size;
std::atomic<int> given_back{0};

int odd_call(const char*, unsigned int, char** out, unsigned int* size) {
  *out = response;
  *size = response_size;
  return return_value;
}
void odd_release(char** given) {
  ++given_back;
  free(*given);
  *given = nullptr;
}
constexpr Library odd_library{odd_call, odd_release};

Answer call_odd_library(int value, char* bytes, unsigned int size) {
  return_value = value;
  response = bytes;
  response_size = size;
  given_back = 0;
  return call_service(odd_library, {'x'});
}

char* allocated(const char* text) {
  // Without the NUL, so that reading on is caught.
  return static_cast<char*>(memcpy(malloc(strlen(text)), text, strlen(text)));
}

void a_response_is_copied_and_given_back_once() {
  const Answer answer = call_odd_library(0, allocated("{}"), 2);
  CHECK(answer.kind == Answer::Kind::answered);
  CHECK(std::string(answer.body.begin(), answer.body.end()) == "{}");
  CHECK(given_back == 1);
}

void an_empty_response_is_given_back_too() {
  CHECK(call_odd_library(0, static_cast<char*>(malloc(1)), 0).kind == Answer::Kind::answered);
  CHECK(given_back == 1);
}

void a_null_response_is_not_given_back() {
  CHECK(call_odd_library(0, nullptr, 0).kind == Answer::Kind::answered);
  CHECK(given_back == 0);
  CHECK(call_odd_library(0, nullptr, 5).kind == Answer::Kind::null_response);
  CHECK(given_back == 0);
}

void what_a_failed_call_leaves_is_neither_read_nor_given_back() {
  char* const nowhere = reinterpret_cast<char*>(8);
  const Answer answer = call_odd_library(-7, nowhere, 100);
  CHECK(answer.kind == Answer::Kind::failed);
  CHECK(answer.return_value == -7);
  CHECK(given_back == 0);
}

void a_size_beyond_the_limit_is_not_read_but_given_back() {
  CHECK(call_odd_library(0, allocated("{}"), kMaxBytes + 1).kind == Answer::Kind::too_long);
  CHECK(given_back == 1);
}

void a_response_is_given_back_when_there_is_no_memory_for_its_copy() {
  no_memory_from = 1000;
  const Answer answer = call_odd_library(0, static_cast<char*>(calloc(1, 1000)), 1000);
  no_memory_from = SIZE_MAX;
  CHECK(answer.kind == Answer::Kind::out_of_memory);
  CHECK(given_back == 1);
}

// ── delivery ──

std::atomic<int> outstanding{0};

int echo_call(const char* request, unsigned int size, char** out, unsigned int* out_size) {
  if (request[0] % 2 == 0) std::this_thread::yield();
  *out = static_cast<char*>(memcpy(malloc(size), request, size));
  *out_size = size;
  ++outstanding;
  return 0;
}
void echo_release(char** given) {
  free(*given);
  --outstanding;
}
constexpr Library echo_library{echo_call, echo_release};

// Touched by the thread of the event loop only.
struct Received {
  int count = 0;
  uint8_t last = 0;
};

struct Call : Errand {
  uint8_t request = 0;
  std::shared_ptr<Delivery> delivery;
  Answer answer;
};

void receive(napi_env, std::shared_ptr<Errand> errand, void* context) {
  auto* const received = static_cast<Received*>(context);
  ++received->count;
  received->last = static_cast<Call&>(*errand).answer.body.at(0);
}

void start_call(const std::shared_ptr<Delivery>& delivery, uint8_t byte,
                const std::shared_ptr<std::atomic<int>>& ended) {
  auto call = std::make_shared<Call>();
  call->request = byte;
  call->delivery = delivery;
  CallThreads::instance().run([call, ended](bool) {
    call->answer = call_service(echo_library, {call->request});
    call->delivery->finish(call);
    ++*ended;
  });
}

void every_finished_call_is_received_once() {
  Received received;
  const auto delivery = Delivery::open(fake_node::environment(), receive, &received);
  CHECK(!fake_node::is_held());
  delivery->hold_loop(fake_node::environment(), true);
  CHECK(fake_node::is_held());
  const auto ended = std::make_shared<std::atomic<int>>(0);
  for (int i = 0; i < 5000; ++i) {
    start_call(delivery, static_cast<uint8_t>(i), ended);
    fake_node::turn();
  }
  while (received.count < 5000) {
    if (!fake_node::turn()) std::this_thread::yield();
  }
  await(*ended, 5000);
  CHECK(!fake_node::turn());
  CHECK(received.count == 5000);
  delivery->close();
}

void calls_may_end_while_their_environment_does_and_after_it() {
  for (int round = 0; round < 1000; ++round) {
    Received received;
    auto delivery = Delivery::open(fake_node::environment(), receive, &received);
    const auto ended = std::make_shared<std::atomic<int>>(0);
    for (int i = 0; i < 8; ++i) start_call(delivery, static_cast<uint8_t>(i), ended);
    for (int turn = 0; turn < round % 8; ++turn) {
      if (!fake_node::turn()) std::this_thread::yield();
    }
    delivery->close();
    delivery.reset();
    if (round % 2 == 0) continue;  // the next environment starts while these still end
    await(*ended, 8);
  }
  await(outstanding, 0);
}

// ── libraries ──

void the_stub_loads_and_says_that_no_service_listens(const char* path) {
  const auto loaded = Library::load(path);
  const auto* library = std::get_if<Library>(&loaded);
  CHECK(library != nullptr);
  const Answer answer = call_service(*library, {'{', '}'});
  CHECK(answer.kind == Answer::Kind::failed);
  CHECK(answer.return_value == -1);
}

void a_missing_symbol_is_named(const char* path) {
  const auto loaded = Library::load(path);
  const auto* error = std::get_if<LoadError>(&loaded);
  CHECK(error != nullptr);
  CHECK(error->missing_symbol == "wxpayReleaseResponse");
  CHECK(!error->message.empty());
}

void a_missing_file_has_the_systems_number() {
  const auto loaded = Library::load("/there/is/no/such/library");
  const auto* error = std::get_if<LoadError>(&loaded);
  CHECK(error != nullptr);
  CHECK(error->code.has_value());
  CHECK(error->missing_symbol.empty());
}

// ── frames ──

ReadResult read_from(std::vector<uint8_t> bytes, Request& request) {
  size_t position = 0;
  return read_request(
      [&](uint8_t* buffer, size_t size) {
        if (bytes.size() - position < size) return false;
        memcpy(buffer, bytes.data() + position, size);
        position += size;
        return true;
      },
      request);
}

void a_request_is_read_as_it_was_written() {
  Request request;
  CHECK(read_from({0, 0, 0, 6, 1, 2, 3, 4, '{', '}'}, request) == ReadResult::request);
  CHECK(request.id == 0x01020304);
  CHECK((request.body == std::vector<uint8_t>{'{', '}'}));
  CHECK(read_from({0, 0, 0, 4, 0, 0, 0, 1}, request) == ReadResult::request);
  CHECK(request.body.empty());
}

void a_response_has_its_length_in_front() {
  const uint8_t body[] = {'{', '}'};
  CHECK((response_frame(7, Outcome::too_long, -3, body, 2) ==
         std::vector<uint8_t>{0, 0, 0, 14, 0, 0, 0, 7, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xfd, '{', '}'}));
  CHECK(response_frame(7, Outcome::returned, -3, nullptr, 0).size() == 16);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  a_job_never_waits_behind_blocked_ones();
  jobs_from_many_threads_all_run();
  a_job_without_a_thread_hears_of_it();
  a_response_is_copied_and_given_back_once();
  an_empty_response_is_given_back_too();
  a_null_response_is_not_given_back();
  what_a_failed_call_leaves_is_neither_read_nor_given_back();
  a_size_beyond_the_limit_is_not_read_but_given_back();
  a_response_is_given_back_when_there_is_no_memory_for_its_copy();
  every_finished_call_is_received_once();
  calls_may_end_while_their_environment_does_and_after_it();
  the_stub_loads_and_says_that_no_service_listens(argv[1]);
  a_missing_symbol_is_named(argv[2]);
  a_missing_file_has_the_systems_number();
  a_request_is_read_as_it_was_written();
  a_response_has_its_length_in_front();
  puts("core-test: all as it should be");
}
