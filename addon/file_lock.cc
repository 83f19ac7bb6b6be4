#include "file_lock.h"

#include "system_text.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace wxpay_face {

#ifdef _WIN32

namespace {

LockError last_error() {
  const DWORD code = GetLastError();
  return {code == ERROR_LOCK_VIOLATION, system_message(static_cast<int>(code)), static_cast<int>(code)};
}

}  // namespace

std::variant<std::unique_ptr<FileLock>, LockError> FileLock::take(const std::string& path) {
  // Nobody may remove or rename it while it is held. No child inherits the handle.
  const HANDLE file =
      CreateFileW(to_wide(path).c_str(), GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, nullptr,
                  OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr);
  if (file == INVALID_HANDLE_VALUE) return last_error();
  std::unique_ptr<FileLock> lock(new FileLock(file));
  // A locked byte can't be read by others: this one lies beyond the end of any file.
  OVERLAPPED place{};
  place.Offset = 0xffffffff;
  place.OffsetHigh = 0x7ffffffe;
  if (!LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &place)) return last_error();
  return lock;
}

// The lock goes with its only handle.
FileLock::~FileLock() { CloseHandle(file_); }

#else

namespace {

LockError last_error() {
  const int code = errno;
  return {code == EWOULDBLOCK, system_message(code), code};
}

// Whether the path still names this file; else whoever comes next locks another one.
bool is_named(int file, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(file, &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

}  // namespace

std::variant<std::unique_ptr<FileLock>, LockError> FileLock::take(const std::string& path) {
  for (;;) {
    // A child would keep the lock beyond its parent's end. NFS locks only what may be written.
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (file == -1) return last_error();
    std::unique_ptr<FileLock> lock(new FileLock(file));
    int result;
    do result = flock(file, LOCK_EX | LOCK_NB);
    while (result == -1 && errno == EINTR);
    if (result == -1) return last_error();
    if (is_named(file, path)) return lock;
  }
}

// The lock goes with its only descriptor.
FileLock::~FileLock() { close(file_); }

#endif

}  // namespace wxpay_face
