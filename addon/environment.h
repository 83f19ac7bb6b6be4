#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <utility>

#include "delivery.h"
#include "file_lock.h"
#include "node_values.h"

namespace wxpay_face {

// Tasks that keep the event loop alive until they are done, or their opener gives all of them up. On the JavaScript
// thread only.
struct Hold {
  size_t in_flight = 0;
  bool given_up = false;
};

// An errand with a promise. (That is but a number to every other thread than the environment's. One that is never
// settled costs eight bytes: Node-API can't drop it.)
class Task : public Errand {
 public:
  // On a thread of its own, which it may block for as long as it likes.
  virtual void run() noexcept = 0;
  // On the JavaScript thread.
  virtual void settle(napi_env env, napi_deferred promise) = 0;

 private:
  friend class Environment;
  napi_deferred promise_ = nullptr;
  std::shared_ptr<Delivery> delivery_;
  std::shared_ptr<Hold> hold_;
  bool refused_ = false;
};

// One per JavaScript environment: the main thread's and each worker's.
class Environment {
 public:
  explicit Environment(Napi::Env env);

  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  bool ready() const { return delivery_ != nullptr; }

  // Makes a task and sends it on its way; returns its promise.
  template <typename Made, typename... Arguments>
  Napi::Value start(Napi::Env env, const std::shared_ptr<Hold>& hold, Arguments&&... arguments) {
    napi_deferred promise;
    napi_value value;
    if (napi_create_promise(env, &promise, &value) != napi_ok) return Napi::Value();
    try {
      launch(env, std::make_shared<Made>(std::forward<Arguments>(arguments)...), promise, hold);
    } catch (const std::exception& reason) {  // no memory
      reject(env, promise, reason.what(), "ERR_OUT_OF_RESOURCES");
    }
    return Napi::Value(env, value);
  }

  // The tasks of this hold no longer keep the event loop alive.
  void give_up(Napi::Env env, Hold& hold);

  // Not before somebody calls its release() or the environment ends: an object that was collected may not let go of it.
  Napi::Object keep(Napi::Env env, std::unique_ptr<FileLock> lock);

 private:
  void launch(Napi::Env env, std::shared_ptr<Task> task, napi_deferred promise, std::shared_ptr<Hold> hold);
  static void receive(napi_env env, std::shared_ptr<Errand> errand, void* self);
  static void end(void* self) { static_cast<Environment*>(self)->delivery_->close(); }

  std::shared_ptr<Delivery> delivery_;
  size_t holding_ = 0;  // tasks that keep the event loop alive
  std::map<uint32_t, std::unique_ptr<FileLock>> locks_;
  uint32_t last_lock_ = 0;
};

}  // namespace wxpay_face
