#include <napi.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <unistd.h>
#endif

#include <memory>
#include <utility>
#include <variant>

#include "environment.h"
#include "file_lock.h"
#include "native_library.h"

namespace wxpay_face {

namespace {

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto path = path_argument(info);
  if (!path) return Napi::Value();
  auto taken = FileLock::take(*path);
  if (const auto* failure = std::get_if<LockError>(&taken)) {
    const Napi::Error error = Napi::Error::New(env, failure->message);
    if (failure->held) set(env, error.Value(), "code", text(env, "ELOCKED"));
    set(env, error.Value(), "systemCode", number(env, failure->code));
    error.ThrowAsJavaScriptException();
    return Napi::Value();
  }
  return Environment::of(env).keep(env, std::get<std::unique_ptr<FileLock>>(std::move(taken)));
}

#ifdef _WIN32

// Threads may be inside this module when the last environment lets go of it. (On Linux the linker's -z nodelete.)
void pin_module() {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&pin_module), &module);
}

void end_at_once(int code) { TerminateProcess(GetCurrentProcess(), static_cast<UINT>(code)); }

#else

void pin_module() {}

void end_at_once(int code) { _exit(code); }

#endif

// For a process with a library that hangs while it is loaded: the system's loader, which it holds, is what exit() waits
// for.
void end_process(const Napi::CallbackInfo& info) { end_at_once(info[0].ToNumber().Int32Value()); }

Napi::Object start(Napi::Env env, Napi::Object exports) {
  pin_module();
  auto environment = std::make_unique<Environment>(env);
  if (!environment->ready()) return exports;  // with an exception pending
  env.SetInstanceData(environment.release());
  exports.Set("NativeLibrary", NativeLibrary::define(env));
  exports.Set("lockFile", Napi::Function::New<lock_file>(env, "lockFile"));
  exports.Set("endProcess", Napi::Function::New<end_process>(env, "endProcess"));
  return exports;
}

}  // namespace

}  // namespace wxpay_face

using wxpay_face::start;
NODE_API_MODULE(wxpay_face, start)
