#include "system_text.h"

#ifdef _WIN32
#include <windows.h>

#include <cwchar>
#include <iterator>
#else
#include <system_error>
#endif

namespace wxpay_face {

#ifdef _WIN32

std::wstring to_wide(const std::string& utf8) {
  const int size = MultiByteToWideChar(CP_UTF8, 0, utf8.data(), static_cast<int>(utf8.size()), nullptr, 0);
  std::wstring wide(static_cast<size_t>(size), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, utf8.data(), static_cast<int>(utf8.size()), wide.data(), size);
  return wide;
}

std::string to_utf8(const wchar_t* wide) {
  const int length = static_cast<int>(wcslen(wide));
  const int size = WideCharToMultiByte(CP_UTF8, 0, wide, length, nullptr, 0, nullptr, nullptr);
  std::string utf8(static_cast<size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, wide, length, utf8.data(), size, nullptr, nullptr);
  return utf8;
}

std::string system_message(int code) {
  wchar_t wide[512];
  DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
                                static_cast<DWORD>(code), 0, wide, static_cast<DWORD>(std::size(wide)) - 1, nullptr);
  while (length > 0 && (wide[length - 1] == L'\r' || wide[length - 1] == L'\n')) --length;
  wide[length] = L'\0';
  return to_utf8(wide);
}

#else

std::string system_message(int code) { return std::system_category().message(code); }

#endif

}  // namespace wxpay_face
