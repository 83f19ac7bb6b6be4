// The host process: the vendor library behind frames on stdin and stdout (frame.h), for a library of another
// architecture than the till's process, or one that isn't trusted inside it.
//
//   wxpay-face-host <absolute path of the library>
//
// It ends at once when stdin does, whatever its calls are doing: that is how it never outlives its parent.

#ifdef _WIN32
#include <io.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#endif

#include <cstdio>
#include <exception>
#include <future>
#include <mutex>
#include <string>

#include "call_thread.h"
#include "frame.h"
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

HANDLE input;
HANDLE output;

HANDLE take(DWORD which) {
  HANDLE taken = INVALID_HANDLE_VALUE;
  DuplicateHandle(GetCurrentProcess(), GetStdHandle(which), GetCurrentProcess(), &taken, 0, FALSE,
                  DUPLICATE_SAME_ACCESS);
  return taken;
}

// stdin and stdout belong to the frames; the vendor library's own prints go to stderr, and it finds nothing to read.
// (Its C runtime asks for the type of the standard handles when it starts, which blocks beside a blocked read of the
// same pipe.)
void take_standard_streams() {
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  input = take(STD_INPUT_HANDLE);
  output = take(STD_OUTPUT_HANDLE);
  SetStdHandle(STD_INPUT_HANDLE, CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr,
                                             OPEN_EXISTING, 0, nullptr));
  SetStdHandle(STD_OUTPUT_HANDLE, GetStdHandle(STD_ERROR_HANDLE));
  freopen("NUL", "r", stdin);
  _dup2(_fileno(stderr), _fileno(stdout));
}

bool read_exactly(uint8_t* buffer, size_t size) {
  while (size > 0) {
    DWORD count = 0;
    if (!ReadFile(input, buffer, static_cast<DWORD>(size), &count, nullptr) || count == 0) return false;
    buffer += count;
    size -= count;
  }
  return true;
}

bool write_all(const uint8_t* bytes, size_t size) {
  while (size > 0) {
    DWORD count = 0;
    if (!WriteFile(output, bytes, static_cast<DWORD>(size), &count, nullptr)) return false;
    bytes += count;
    size -= count;
  }
  return true;
}

#else

[[noreturn]] void end(ExitCode code) { _exit(code); }

int input;
int output;

// stdin and stdout belong to the frames; the vendor library's own prints go to stderr, and it finds nothing to read.
void take_standard_streams() {
  // Ctrl-C, a closed terminal and a service manager signal the till and this process alike. The till decides when this
  // ends: it may have to send stopWxpayface first. (On Windows its hidden console keeps Ctrl-C away.)
  for (const int one : {SIGPIPE, SIGINT, SIGTERM, SIGHUP}) signal(one, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(fcntl(STDERR_FILENO, F_GETFD) == -1 ? nothing : STDERR_FILENO, STDOUT_FILENO);
  close(nothing);
}

bool read_exactly(uint8_t* buffer, size_t size) {
  while (size > 0) {
    const ssize_t count = read(input, buffer, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    buffer += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool write_all(const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(output, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

#endif

void send(uint32_t id, Outcome outcome, int32_t return_value, const uint8_t* body, size_t size) {
  static std::mutex& one_at_a_time = *new std::mutex;
  const auto frame = response_frame(id, outcome, return_value, body, size);
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  if (!write_all(frame.data(), frame.size())) end(kParentGone);
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
  CallThreads::instance().run([path, loaded] {
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
  try {
    CallThreads::instance().run([library, id, body] {
      const Answer answer = call_service(library.get(), *body);
      send(id, outcome_of(answer.kind), answer.return_value, answer.body.data(), answer.body.size());
    });
  } catch (const std::exception&) {
    send(id, Outcome::out_of_resources, 0, nullptr, 0);
  }
}

[[noreturn]] void serve(const std::string& path) {
  take_standard_streams();
  const auto library = load(path);
  Request request;
  ReadResult result;
  while ((result = read_request(read_exactly, request)) == ReadResult::request) call(library, std::move(request));
  if (result == ReadResult::end) end(kParentGone);
  fputs("wxpay-face-host: malformed frame on stdin\n", stderr);
  fflush(stderr);  // into a pipe it is buffered on Windows
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
