// A stand-in for the vendor library, as the real one was observed to behave: each call opens one connection to the
// service's pipe, writes one frame (a big-endian length of four bytes, then the JSON), reads one frame, and closes. So
// whoever plays the service has the real thing's calls in front of it.

#ifdef _WIN32
#include <windows.h>
#define STUB_EXPORT extern "C" __declspec(dllexport)
#else
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#define STUB_EXPORT extern "C" __attribute__((visibility("default")))
#endif

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

enum ReturnValue { kAnswered = 0, kNoService = -1, kBrokenLength = -3, kBrokenResponse = -4 };

constexpr uint32_t kAbsurdLength = 0x10000000;

std::atomic<int> outstanding{0};

#ifdef _WIN32

class Pipe {
 public:
  Pipe() {
    wchar_t name[512];
    const DWORD length = GetEnvironmentVariableW(L"WXPAY_FACE_PIPE", name, 512);
    if (length == 0 || length >= 512) wcscpy(name, L"\\\\.\\pipe\\wxpayface");
    do {
      handle_ = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
    } while (handle_ == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
             WaitNamedPipeW(name, NMPWAIT_WAIT_FOREVER));
  }
  ~Pipe() {
    if (is_open()) CloseHandle(handle_);
  }
  bool is_open() const { return handle_ != INVALID_HANDLE_VALUE; }

  bool write(const char* bytes, size_t size) {
    while (size > 0) {
      DWORD count = 0;
      if (!WriteFile(handle_, bytes, static_cast<DWORD>(size), &count, nullptr)) return false;
      bytes += count;
      size -= count;
    }
    return true;
  }

  bool read(char* buffer, size_t size) {
    while (size > 0) {
      DWORD count = 0;
      if (!ReadFile(handle_, buffer, static_cast<DWORD>(size), &count, nullptr) || count == 0) return false;
      buffer += count;
      size -= count;
    }
    return true;
  }

 private:
  HANDLE handle_;
};

#else

#ifdef __APPLE__
int open_socket() {
  const int opened = socket(AF_UNIX, SOCK_STREAM, 0);
  const int yes = 1;
  if (opened != -1) {
    fcntl(opened, F_SETFD, FD_CLOEXEC);
    setsockopt(opened, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
  }
  return opened;
}
constexpr int kSendFlags = 0;
#else
int open_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
constexpr int kSendFlags = MSG_NOSIGNAL;
#endif

class Pipe {
 public:
  Pipe() {
    const char* const path = getenv("WXPAY_FACE_PIPE");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || strlen(path) >= sizeof address.sun_path) return;
    strcpy(address.sun_path, path);
    socket_ = open_socket();
    if (socket_ != -1 && connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close(socket_);
      socket_ = -1;
    }
  }
  ~Pipe() {
    if (is_open()) close(socket_);
  }
  bool is_open() const { return socket_ != -1; }

  bool write(const char* bytes, size_t size) {
    while (size > 0) {
      const ssize_t count = send(socket_, bytes, size, kSendFlags);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      bytes += count;
      size -= static_cast<size_t>(count);
    }
    return true;
  }

  bool read(char* buffer, size_t size) {
    while (size > 0) {
      const ssize_t count = recv(socket_, buffer, size, 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      buffer += count;
      size -= static_cast<size_t>(count);
    }
    return true;
  }

 private:
  int socket_ = -1;
};

#endif

}  // namespace

STUB_EXPORT int wxpayCallFaceService(const char* request, unsigned int request_size, char** response,
                                     unsigned int* response_size) {
  Pipe pipe;
  if (!pipe.is_open()) return kNoService;

  unsigned char word[4];
  for (int i = 0; i < 4; ++i) word[i] = static_cast<unsigned char>(request_size >> (24 - 8 * i));
  std::string frame(reinterpret_cast<char*>(word), sizeof word);
  frame.append(request, request_size);
  if (!pipe.write(frame.data(), frame.size())) return kBrokenLength;

  if (!pipe.read(reinterpret_cast<char*>(word), sizeof word)) return kBrokenLength;
  const uint32_t size = uint32_t{word[0]} << 24 | uint32_t{word[1]} << 16 | uint32_t{word[2]} << 8 | uint32_t{word[3]};
  if (size > kAbsurdLength) return kBrokenLength;
  // Exactly the response's size and no NUL behind it, so that a caller who reads on is caught by the sanitizers.
  auto* const buffer = static_cast<char*>(malloc(size));
  if (buffer == nullptr && size > 0) return kBrokenResponse;
  if (!pipe.read(buffer, size)) {
    free(buffer);
    return kBrokenResponse;
  }
  if (buffer != nullptr) ++outstanding;
  *response = buffer;
  *response_size = size;
  return kAnswered;
}

STUB_EXPORT void wxpayReleaseResponse(char** response) {
  if (response == nullptr || *response == nullptr) return;
  free(*response);
  *response = nullptr;
  --outstanding;
}

// Not the vendor's: responses handed out and not yet given back.
STUB_EXPORT int wxpayStubOutstanding() { return outstanding; }
