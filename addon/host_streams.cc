#include "host_streams.h"

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>

#include <algorithm>
#else
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#endif

#include <cstring>
#include <initializer_list>

namespace wxpay_face::host_streams {

#ifdef _WIN32

namespace {

HANDLE input;
HANDLE output;
HANDLE complaints;

// A duplicate that no child inherits. The original stays open, since the C runtime may close it, and isn't inherited
// either.
HANDLE keep(DWORD which) {
  const HANDLE given = GetStdHandle(which);
  HANDLE kept = INVALID_HANDLE_VALUE;
  DuplicateHandle(GetCurrentProcess(), given, GetCurrentProcess(), &kept, 0, FALSE, DUPLICATE_SAME_ACCESS);
  SetHandleInformation(given, HANDLE_FLAG_INHERIT, 0);
  return kept;
}

// libuv hands the descriptors of a child's C runtime down in lpReserved2, as Microsoft's runtimes do, with handles of
// its own size. A runtime of the other bitness takes half a handle for a whole one, and the pipe of the frames for its
// standard error. GetStartupInfoW gives this process's own block: without descriptors in it, a runtime that starts
// later goes by the standard handles.
void forget_descriptors_of_parent() {
  STARTUPINFOW info{};
  GetStartupInfoW(&info);
  if (info.lpReserved2 != nullptr) std::fill_n(info.lpReserved2, info.cbReserved2, BYTE{0});
}

}  // namespace

void take() {
  input = keep(STD_INPUT_HANDLE);
  output = keep(STD_OUTPUT_HANDLE);
  complaints = keep(STD_ERROR_HANDLE);
  forget_descriptors_of_parent();
  const int nowhere = _open("NUL", _O_RDWR);
  constexpr DWORD kWhich[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (descriptor != nowhere) _dup2(nowhere, descriptor);
    SetStdHandle(kWhich[descriptor], reinterpret_cast<HANDLE>(_get_osfhandle(descriptor)));
  }
  if (nowhere > 2) _close(nowhere);
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

namespace {

bool write_to(HANDLE file, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    DWORD count = 0;
    if (!WriteFile(file, bytes, static_cast<DWORD>(size), &count, nullptr)) return false;
    bytes += count;
    size -= count;
  }
  return true;
}

}  // namespace

#else

namespace {

int input;
int output;
int complaints;

// A child that runs no other program would keep the pipes open for as long as it lives.
void close_in_child() {
  for (const int one : {input, output, complaints}) close(one);
}

}  // namespace

void take() {
  input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  complaints = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  pthread_atfork(nullptr, nullptr, close_in_child);
  const int nowhere = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor <= 2; ++descriptor) dup2(nowhere, descriptor);
  if (nowhere > 2) close(nowhere);
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

namespace {

bool write_to(int file, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(file, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

}  // namespace

#endif

bool write_all(const uint8_t* bytes, size_t size) { return write_to(output, bytes, size); }

void complain(const char* text) { write_to(complaints, reinterpret_cast<const uint8_t*>(text), strlen(text)); }

}  // namespace wxpay_face::host_streams
