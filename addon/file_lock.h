#pragma once

#include <memory>
#include <string>
#include <variant>

namespace wxpay_face {

struct LockError {
  bool held = false;    // somebody has it; else the file could not be opened or the file system has no locks
  std::string message;  // the system's own text, UTF-8
  int code = 0;         // GetLastError, or errno
};

// A file that one holder in the whole system has, until it lets go or its process ends, however that ends. Another
// opener is refused whatever name or link it comes by, and in the same process, too. What the file holds is nobody's
// business here: others may read and write it meanwhile.
//
// flock and LockFileEx belong to the open file; a lock by fcntl belongs to the process, which would be let in twice,
// and would lose it whenever anybody closed the file.
class FileLock {
 public:
  // `path` is UTF-8. The file is made if there is none, and never removed: who removes it lets a second holder in.
  static std::variant<std::unique_ptr<FileLock>, LockError> take(const std::string& path);

  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
#ifdef _WIN32
  using File = void*;
#else
  using File = int;
#endif

  explicit FileLock(File file) : file_(file) {}

  File file_;
};

}  // namespace wxpay_face
