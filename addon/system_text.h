#pragma once

#include <string>

namespace wxpay_face {

// The system's words for its own error number (GetLastError, or errno), UTF-8.
std::string system_message(int code);

#ifdef _WIN32
std::wstring to_wide(const std::string& utf8);
std::string to_utf8(const wchar_t* wide);
#endif

}  // namespace wxpay_face
