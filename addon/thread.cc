#include "thread.h"

#ifdef _WIN32
#include <process.h>
#include <windows.h>

#include <cstdint>
#include <iterator>
#include <string>
#else
#include <pthread.h>
#endif

#include <memory>
#include <utility>

namespace wxpay_face {

namespace {

using Function = std::function<void()>;

constexpr unsigned int kStackSize = 1u << 20;
constexpr char kName[] = "wxpay-face-call";

void run(void* given) { (*std::unique_ptr<Function>(static_cast<Function*>(given)))(); }

#ifdef _WIN32

void name_this_thread() {
  // Windows 10 has it; on Windows 7 a thread has no name.
  using SetThreadDescription = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const FARPROC function = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  if (function == nullptr) return;
  const std::wstring name(std::begin(kName), std::end(kName));
  reinterpret_cast<SetThreadDescription>(reinterpret_cast<void*>(function))(GetCurrentThread(), name.c_str());
}

unsigned int __stdcall start(void* function) {
  name_this_thread();
  run(function);
  return 0;
}

bool start_system_thread(void* function) {
  const uintptr_t thread =
      _beginthreadex(nullptr, kStackSize, start, function, STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == 0) return false;
  CloseHandle(reinterpret_cast<HANDLE>(thread));
  return true;
}

#else

void name_this_thread() {
#ifdef __APPLE__
  pthread_setname_np(kName);
#else
  pthread_setname_np(pthread_self(), kName);
#endif
}

void* start(void* function) {
  name_this_thread();
  run(function);
  return nullptr;
}

bool start_system_thread(void* function) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, start, function) == 0;
  pthread_attr_destroy(&attributes);
  return started;
}

#endif

}  // namespace

bool start_thread(std::function<void()> function) {
  auto given = std::make_unique<Function>(std::move(function));
  if (!start_system_thread(given.get())) return false;
  given.release();  // the thread's own now
  return true;
}

}  // namespace wxpay_face
