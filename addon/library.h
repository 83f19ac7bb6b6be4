#pragma once

#include <optional>
#include <string>
#include <variant>

#include "wxpay_face_sdk.h"

namespace wxpay_face {

struct LoadError {
  std::string message;         // the system's own text, UTF-8
  std::optional<int> code;     // GetLastError, or errno where Linux has one
  std::string missing_symbol;  // empty if none is
};

// The vendor library's entry points. The library is never unloaded: a thread may be inside it for as long as it likes,
// and unloading is where libraries with threads of their own crash.
struct Library {
  WxpayCallFaceService call;
  WxpayReleaseResponse release;

  // `path` is absolute and UTF-8.
  static std::variant<Library, LoadError> load(const std::string& path);
};

}  // namespace wxpay_face
