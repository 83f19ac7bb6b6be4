#include "library.h"

#include "floating_point.h"
#include "system_text.h"

#ifdef _WIN32
#include <windows.h>

#include <algorithm>
#else
#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace wxpay_face {

namespace {

constexpr const char* kCall = "wxpayCallFaceService";
constexpr const char* kRelease = "wxpayReleaseResponse";

#ifdef _WIN32

LoadError last_error(std::string missing_symbol) {
  const DWORD code = GetLastError();
  return {system_message(static_cast<int>(code)), static_cast<int>(code), std::move(missing_symbol)};
}

using Handle = HMODULE;

std::variant<Handle, LoadError> open(const std::string& path) {
  std::wstring wide = to_wide(path);
  // With forward slashes the altered search path isn't used, and a dependency beside the library isn't found.
  std::replace(wide.begin(), wide.end(), L'/', L'\\');
  // Else a missing dependency shows the system's dialog, and the till waits for somebody to press OK.
  DWORD previous_mode = 0;
  SetThreadErrorMode(SEM_FAILCRITICALERRORS, &previous_mode);
  const Handle handle = LoadLibraryExW(wide.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
  std::variant<Handle, LoadError> result = handle;
  if (handle == nullptr) result = last_error("");
  SetThreadErrorMode(previous_mode, nullptr);
  return result;
}

template <typename Function>
std::optional<LoadError> find(Handle handle, const char* name, Function& function) {
  const FARPROC symbol = GetProcAddress(handle, name);
  if (symbol == nullptr) return last_error(name);
  function = reinterpret_cast<Function>(reinterpret_cast<void*>(symbol));
  return std::nullopt;
}

#else

using Handle = void*;

LoadError last_error(std::string missing_symbol) {
  const char* message = dlerror();
  return {message == nullptr ? "" : message, std::nullopt, std::move(missing_symbol)};
}

std::variant<Handle, LoadError> open(const std::string& path) {
  if (const Handle handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return handle;
  LoadError error = last_error("");
  // dlopen reports no number; where the file itself can't be read, errno is what went wrong.
  if (access(path.c_str(), R_OK) != 0) error.code = errno;
  return error;
}

template <typename Function>
std::optional<LoadError> find(Handle handle, const char* name, Function& function) {
  void* const symbol = dlsym(handle, name);
  if (symbol == nullptr) return last_error(name);
  function = reinterpret_cast<Function>(symbol);
  return std::nullopt;
}

#endif

}  // namespace

std::variant<Library, LoadError> Library::load(const std::string& path) {
  const FloatingPointGuard arithmetic;
  auto opened = open(path);
  if (auto* error = std::get_if<LoadError>(&opened)) return std::move(*error);
  const Handle handle = std::get<Handle>(opened);
  Library library{};
  if (auto error = find(handle, kCall, library.call)) return std::move(*error);
  if (auto error = find(handle, kRelease, library.release)) return std::move(*error);
  return library;
}

}  // namespace wxpay_face
