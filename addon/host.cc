// The host process: the vendor library behind frames on stdin and stdout (frame.h), for a library of another
// architecture than the till's process, or one that isn't trusted inside it.
//
//   wxpay-face-host <absolute path of the library>
//
// It ends at once when stdin does, whatever its calls are doing: that is how it never outlives its parent.

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>

#include <csignal>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#endif

#include <cstdio>
#include <future>
#include <mutex>
#include <string>

#include "call_thread.h"
#include "frame.h"
#include "host_streams.h"
#include "library.h"
#include "response.h"
#include "system_text.h"

namespace wxpay_face {

namespace {

enum ExitCode { kParentGone = 0, kLoadFailed = 1, kMalformedFrame = 2 };

constexpr int32_t kNoErrorNumber = -1;

#ifdef _WIN32

// Not ExitProcess: it waits for the locks of threads that are blocked in the vendor's code.
[[noreturn]] void end(ExitCode code) {
  TerminateProcess(GetCurrentProcess(), code);
  abort();
}

// No dialog of the system's: nobody sees it, and the till waits for somebody to press OK.
void settle_in() { SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX); }

#else

[[noreturn]] void end(ExitCode code) { _exit(code); }

// Ctrl-C, a closed terminal and a service manager signal the till and this process alike. The till decides when this
// ends: it may have to send stopWxpayface first. (On Windows its hidden console keeps Ctrl-C away.)
void settle_in() {
  for (const int one : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) signal(one, SIG_IGN);
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // also if its end of stdin lives on in another child of it
#endif
}

#endif

void send(uint32_t id, Outcome outcome, int32_t return_value, const uint8_t* body, size_t size) {
  static std::mutex& one_at_a_time = *new std::mutex;
  const auto frame = response_frame(id, outcome, return_value, body, size);
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  if (!host_streams::write_all(frame.data(), frame.size())) end(kParentGone);
}

void send_greeting(int32_t error_number, const std::string& text) {
  send(0, Outcome::returned, error_number, reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

Outcome outcome_of(Answer::Kind kind) {
  switch (kind) {
    case Answer::Kind::answered:
    case Answer::Kind::failed:
      return Outcome::returned;
    case Answer::Kind::null_response:
      return Outcome::null_response;
    case Answer::Kind::too_long:
      return Outcome::too_long;
    case Answer::Kind::out_of_memory:
      return Outcome::out_of_memory;
  }
  return Outcome::out_of_memory;
}

// On a thread of its own, so that stdin is watched meanwhile: a library may hang while it is being loaded, too.
std::shared_future<Library> load(const std::string& path) {
  auto loaded = std::make_shared<std::promise<Library>>();
  CallThreads::instance().run([path, loaded](bool has_thread) {
    if (!has_thread) {
      send_greeting(kNoErrorNumber, "the system has no thread to load it on");
      end(kLoadFailed);
    }
    const auto result = Library::load(path);
    if (const auto* error = std::get_if<LoadError>(&result)) {
      // The parent learns of a missing symbol by dlsym's words; Windows has a number for it, and no name.
      const std::string missing = error->missing_symbol.empty() ? "" : ": undefined symbol: " + error->missing_symbol;
      send_greeting(error->code.value_or(kNoErrorNumber), error->message + missing);
      end(kLoadFailed);
    }
    send_greeting(0, "");
    loaded->set_value(std::get<Library>(result));
  });
  return loaded->get_future().share();
}

void call(const std::shared_future<Library>& library, Request request) {
  const uint32_t id = request.id;
  auto body = std::make_shared<std::vector<uint8_t>>(std::move(request.body));
  CallThreads::instance().run([library, id, body](bool has_thread) {
    if (!has_thread) return send(id, Outcome::out_of_resources, 0, nullptr, 0);
    const Answer answer = call_service(library.get(), *body);
    send(id, outcome_of(answer.kind), answer.return_value, answer.body.data(), answer.body.size());
  });
}

[[noreturn]] void serve(const std::string& path) {
  settle_in();
  host_streams::take();
  const auto library = load(path);
  Request request;
  ReadResult result;
  while ((result = read_request(host_streams::read_exactly, request)) == ReadResult::request)
    call(library, std::move(request));
  if (result == ReadResult::end) end(kParentGone);
  host_streams::complain("wxpay-face-host: malformed frame on stdin\n");
  end(kMalformedFrame);
}

}  // namespace

}  // namespace wxpay_face

#ifdef _WIN32
int wmain(int argc, wchar_t** argv) {
  if (argc == 2) wxpay_face::serve(wxpay_face::to_utf8(argv[1]));
#else
int main(int argc, char** argv) {
  if (argc == 2) wxpay_face::serve(argv[1]);
#endif
  fputs("usage: wxpay-face-host <absolute path of the library>\n", stderr);
  return 64;
}
