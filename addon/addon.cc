#include <napi.h>

#ifdef _WIN32
#include <windows.h>
#endif

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "call_thread.h"
#include "delivery.h"
#include "library.h"
#include "response.h"

namespace wxpay_face {

namespace {

// One per JavaScript environment: the main thread's and each worker's.
class Environment {
 public:
  explicit Environment(Napi::Env env) : delivery_(Delivery::open(env, receive, this)) {
    // Hooks run last in, first out: this one before the thread-safe function's own, which open() added.
    if (delivery_ != nullptr) napi_add_env_cleanup_hook(env, end, this);
  }

  bool ready() const { return delivery_ != nullptr; }

  Napi::Value call(Napi::Env env, const Library& library, const Napi::Uint8Array& request);

  Napi::FunctionReference native_library;

 private:
  // The error is made when the call is made, so that its stack shows the caller: when the call ends, none is on the
  // stack.
  struct Pending {
    napi_deferred promise;
    Napi::Error error;
  };

  static void receive(napi_env env, std::shared_ptr<Call> call, void* self);
  static void end(void* self);

  std::shared_ptr<Delivery> delivery_;
  std::unordered_map<const Call*, Pending> pending_;
};

class NativeLibrary : public Napi::ObjectWrap<NativeLibrary> {
 public:
  explicit NativeLibrary(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    if (info[0].IsExternal()) {
      library_ = *info[0].As<Napi::External<Library>>().Data();
    } else {
      Napi::TypeError::New(info.Env(), "Use open(path)").ThrowAsJavaScriptException();
    }
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeLibrary",
                       {InstanceMethod<&NativeLibrary::call>("call"), InstanceMethod<&NativeLibrary::close>("close")});
  }

 private:
  Napi::Value call(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo&) { open_ = false; }

  Library library_{};
  bool open_ = true;
};

struct Failure {
  const char* code;
  const char* message;
};

Failure failure_of(Answer::Kind kind) {
  switch (kind) {
    case Answer::Kind::null_response:
      return {"ERR_NULL_RESPONSE", "wxpayCallFaceService succeeded with a size but without a response"};
    case Answer::Kind::too_long:
      return {"ERR_RESPONSE_TOO_LONG", "wxpayCallFaceService answered with more than 64 MiB"};
    default:
      return {"ERR_OUT_OF_MEMORY", "There is no memory for the response of wxpayCallFaceService"};
  }
}

// In a worker that is being terminated every Node-API call may fail; then nobody is left to hear of it.
void set(napi_env env, napi_value object, const char* name, const char* text) {
  napi_value value;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) != napi_ok) return;
  napi_set_named_property(env, object, name, value);
}

void set(napi_env env, napi_value object, const char* name, int number) {
  napi_value value;
  if (napi_create_int32(env, number, &value) != napi_ok) return;
  napi_set_named_property(env, object, name, value);
}

void describe(napi_env env, napi_value error, const Answer& answer) {
  if (answer.kind == Answer::Kind::failed) {
    set(env, error, "returnValue", answer.return_value);
    set(env, error, "message", ("wxpayCallFaceService returned " + std::to_string(answer.return_value)).c_str());
  } else {
    const Failure failure = failure_of(answer.kind);
    set(env, error, "code", failure.code);
    set(env, error, "message", failure.message);
  }
}

Napi::Value Environment::call(Napi::Env env, const Library& library, const Napi::Uint8Array& request) {
  Pending pending{nullptr, Napi::Error::New(env, "wxpayCallFaceService failed")};
  napi_value promise;
  if (napi_create_promise(env, &pending.promise, &promise) != napi_ok) return Napi::Value();
  try {
    auto call = std::make_shared<Call>();
    call->library = library;
    call->request.assign(request.Data(), request.Data() + request.ByteLength());
    call->delivery = delivery_;
    CallThreads::instance().run([call] {
      call->answer = call_service(call->library, call->request);
      call->delivery->finish(call);
    });
    // Only now: what the thread finishes is received on this thread, after this function.
    pending_.emplace(call.get(), std::move(pending));
    if (pending_.size() == 1) delivery_->hold_loop(env, true);
  } catch (const std::exception& reason) {  // the system has no memory or no thread for it
    const Napi::Value error = pending.error.Value();
    set(env, error, "code", "ERR_OUT_OF_RESOURCES");
    set(env, error, "message", reason.what());
    napi_reject_deferred(env, pending.promise, error);
  }
  return Napi::Value(env, promise);
}

void Environment::receive(napi_env env, std::shared_ptr<Call> call, void* self) {
  const Napi::HandleScope scope(env);
  auto* const environment = static_cast<Environment*>(self);
  auto settled = environment->pending_.extract(call.get());
  if (settled.empty()) return;  // call() had no memory to remember it, and has rejected it
  if (environment->pending_.empty()) environment->delivery_->hold_loop(env, false);

  const Pending& pending = settled.mapped();
  Answer& answer = call->answer;
  if (answer.kind == Answer::Kind::answered) {
    napi_value buffer;
    // A copy: Electron forbids buffers outside of V8's memory.
    if (napi_create_buffer_copy(env, answer.body.size(), answer.body.data(), nullptr, &buffer) == napi_ok) {
      napi_resolve_deferred(env, pending.promise, buffer);
      return;
    }
    napi_get_and_clear_last_exception(env, &buffer);
    answer.kind = Answer::Kind::out_of_memory;
  }
  const Napi::Value error = pending.error.Value();
  describe(env, error, answer);
  napi_reject_deferred(env, pending.promise, error);
}

// The promises of calls in flight stay unsettled: no JavaScript runs any more.
void Environment::end(void* self) {
  auto* const environment = static_cast<Environment*>(self);
  environment->delivery_->close();
  environment->pending_.clear();
}

Napi::Value NativeLibrary::call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(env, "The request must be a Uint8Array").ThrowAsJavaScriptException();
    return Napi::Value();
  }
  if (!open_) {
    Napi::Error error = Napi::Error::New(env, "The library is closed");
    error.Set("code", "ERR_CLOSED");
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
  return env.GetInstanceData<Environment>()->call(env, library_, info[0].As<Napi::Uint8Array>());
}

Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) {
    Napi::TypeError::New(env, "The path must be a string").ThrowAsJavaScriptException();
    return Napi::Value();
  }
  const auto loaded = Library::load(info[0].As<Napi::String>());
  if (const auto* failure = std::get_if<LoadError>(&loaded)) {
    const Napi::Error error = Napi::Error::New(env, failure->message);
    set(env, error.Value(), "systemMessage", failure->message.c_str());
    if (failure->code) set(env, error.Value(), "systemCode", *failure->code);
    if (!failure->missing_symbol.empty()) set(env, error.Value(), "missingSymbol", failure->missing_symbol.c_str());
    error.ThrowAsJavaScriptException();
    return Napi::Value();
  }
  Library library = std::get<Library>(loaded);
  return env.GetInstanceData<Environment>()->native_library.New({Napi::External<Library>::New(env, &library)});
}

#ifdef _WIN32
// Threads may be inside this module when the last environment lets go of it. (On Linux the linker's -z nodelete.)
void pin_module() {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&pin_module), &module);
}
#else
void pin_module() {}
#endif

Napi::Object start(Napi::Env env, Napi::Object exports) {
  pin_module();
  auto environment = std::make_unique<Environment>(env);
  if (!environment->ready()) return exports;  // with an exception pending
  environment->native_library = Napi::Persistent(NativeLibrary::define(env));
  env.SetInstanceData(environment.release());
  exports.Set("open", Napi::Function::New<open>(env, "open"));
  return exports;
}

}  // namespace

}  // namespace wxpay_face

using wxpay_face::start;
NODE_API_MODULE(wxpay_face, start)
